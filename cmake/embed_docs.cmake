# Run at build time: compresses what /docs serves and writes docs_files.S, which includes the bytes. Each file's ETag, made from its hash, stands in it too, so that a new file also makes a new object.
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/fetch_web.cmake)

set(assembly "/* Written by cmake/embed_docs.cmake. */\n    .section .rodata\n")
function(embed_bytes symbol file)
    string(APPEND assembly
        "    .balign 16\n"
        "    .global dacapo_docs_${symbol}\ndacapo_docs_${symbol}:\n    .incbin \"${file}\"\n"
        "    .global dacapo_docs_${symbol}_end\ndacapo_docs_${symbol}_end:\n")
    set(assembly "${assembly}" PARENT_SCOPE)
endfunction()
function(embed symbol file)
    cmake_path(GET file FILENAME name)
    set(compressed ${OUT}/${name}.gz)
    execute_process(COMMAND ${GZIP} -9 -n -c ${file} OUTPUT_FILE ${compressed} COMMAND_ERROR_IS_FATAL ANY)
    file(SHA256 ${file} hash)
    string(SUBSTRING ${hash} 0 16 hash)
    embed_bytes(${symbol} ${compressed})
    string(APPEND assembly
        "    .global dacapo_docs_${symbol}_etag\ndacapo_docs_${symbol}_etag:\n    .asciz \"\\\"${hash}\\\"\"\n")
    set(assembly "${assembly}" PARENT_SCOPE)
endfunction()

set(package ${STORE}/node_modules/swagger-ui-dist)
file(READ ${package}/NOTICE notice)
file(READ ${package}/LICENSE license)
file(READ ${package}/swagger-ui-bundle.js.LICENSE.txt bundled)
file(WRITE ${OUT}/swagger-ui-bundle.js.LICENSE.txt "${notice}\n${bundled}\n${license}")

# The program completes the page, so it is kept as it is; a copy, because an object does not notice a changed include.
file(SHA256 ${WEB}/docs/index.html page)
file(COPY_FILE ${WEB}/docs/index.html ${OUT}/${page}.html)
embed_bytes(index ${OUT}/${page}.html)
embed(initializer ${WEB}/docs/initializer.js)
embed(bundle ${package}/swagger-ui-bundle.js)
embed(style ${package}/swagger-ui.css)
embed(licence ${OUT}/swagger-ui-bundle.js.LICENSE.txt)
string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
file(WRITE ${OUT}/docs_files.S "${assembly}")

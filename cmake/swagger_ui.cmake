# The page /docs is built into the program: swagger-ui-dist comes from npm as web/package-lock.json pins it (no script
# of a package is run), and an assembler file takes its bytes in. All build folders share one fetched copy.
set(DACAPO_WEB_STORE ${CMAKE_SOURCE_DIR}/build/web CACHE PATH "Where the packages of web/ are fetched to")
find_program(NPM npm)
find_program(GZIP gzip REQUIRED)

set(docs_folder ${CMAKE_BINARY_DIR}/docs_page)
add_custom_command(
    OUTPUT ${docs_folder}/docs_files.S
    COMMAND ${CMAKE_COMMAND} -D NPM=${NPM} -D GZIP=${GZIP} -D WEB=${CMAKE_SOURCE_DIR}/web
            -D STORE=${DACAPO_WEB_STORE} -D OUT=${docs_folder} -P ${CMAKE_CURRENT_LIST_DIR}/embed_docs.cmake
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/embed_docs.cmake ${CMAKE_CURRENT_LIST_DIR}/fetch_web.cmake
            ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json
            ${CMAKE_SOURCE_DIR}/web/docs/index.html ${CMAKE_SOURCE_DIR}/web/docs/initializer.js
    COMMENT "Embedding the API page"
    VERBATIM)
target_sources(dacapo_query PRIVATE ${docs_folder}/docs_files.S)

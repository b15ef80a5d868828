# Run at build time: takes the most common passwords that are long enough from the npm package of zxcvbn's lists, which
# has them in order, the most common one first, and writes common_passwords.S, which includes them one a line.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/fetch_web.cmake)

set(package ${STORE}/node_modules/@zxcvbn-ts/language-common)
file(READ ${package}/src/passwords.json json)
# Eight characters or more; shorter ones are refused anyhow. No password that is so common has an escaped character.
string(REGEX MATCHALL "\"[^\"\\;]*[^\"\\;][^\"\\;][^\"\\;][^\"\\;][^\"\\;][^\"\\;][^\"\\;][^\"\\;]\"" found "${json}")
list(SUBLIST found 0 ${COUNT} found)
list(LENGTH found count)
if(NOT count EQUAL COUNT)
    message(FATAL_ERROR "${package} has only ${count} passwords that are long enough")
endif()
list(JOIN found "\n" lines)
string(REPLACE "\"" "" lines "${lines}")
file(WRITE ${OUT}/common_passwords.txt "${lines}\n")
file(COPY_FILE ${package}/LICENSE.txt ${OUT}/zxcvbn-language-common.LICENSE.txt)
# The hash makes a new object of a new list.
file(SHA256 ${OUT}/common_passwords.txt hash)
file(WRITE ${OUT}/common_passwords.S
    "/* Written by cmake/embed_passwords.cmake; ${hash} */\n    .section .rodata\n"
    "    .global dacapo_common_passwords\ndacapo_common_passwords:\n    .incbin \"${OUT}/common_passwords.txt\"\n"
    "    .global dacapo_common_passwords_end\ndacapo_common_passwords_end:\n"
    "    .section .note.GNU-stack,\"\",%progbits\n")

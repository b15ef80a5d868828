# Compiler flags, the sanitizer builds and the linker. Flags stand in CMAKE_CXX_FLAGS because a target's own
# options would come before those it inherits.
string(APPEND CMAKE_CXX_FLAGS " -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fpch-preprocess")
string(APPEND CMAKE_CXX_FLAGS " -fstack-protector-strong")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    string(REPLACE " -fpch-preprocess" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")
    # librdkafka's macros for rd_kafka_producev() are statement expressions.
    string(APPEND CMAKE_CXX_FLAGS " -Wno-unused-command-line-argument -Wno-gnu-statement-expression")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 takes the frames of Asio's coroutines, which have their own operator new, for mismatched.
    string(APPEND CMAKE_CXX_FLAGS " -Wno-mismatched-new-delete")
endif()
# Hardening, which tests/program/hardening_test.py finds again in the program. Level 3 of glibc's checks also knows sizes
# that are only known at run time.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -D_FORTIFY_SOURCE=3 -fstack-clash-protection")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    string(APPEND CMAKE_CXX_FLAGS_RELEASE " -fcf-protection=full")
endif()

if(DACAPO_SANITIZE STREQUAL "address")
    # UBSan, which costs most of the compile time, covers what has logic of its own: events, domain, codecs.
    string(APPEND CMAKE_CXX_FLAGS " -O1 -g1 -fno-omit-frame-pointer -fsanitize=address")
    set(dacapo_undefined -fsanitize=undefined -fno-sanitize-recover=undefined -fno-sanitize=vptr)
    add_link_options(-fsanitize=address,undefined)
elseif(DACAPO_SANITIZE STREQUAL "thread")
    string(APPEND CMAKE_CXX_FLAGS " -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread -Wno-tsan")
endif()
if(DACAPO_FUZZ)
    # g++ 12 has no libFuzzer. clang 14 sees a false function type in coroutines, hence without `function`.
    string(APPEND CMAKE_CXX_FLAGS " -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address")
    set(dacapo_undefined -fsanitize=undefined -fno-sanitize-recover=undefined -fno-sanitize=vptr,function)
    add_link_options(-fsanitize=address,undefined)
endif()
if(DACAPO_SANITIZE)
    # g++ 12 warns of uninitialised members of the standard library when it is instrumented; the release build judges.
    string(APPEND CMAKE_CXX_FLAGS " -Wno-maybe-uninitialized")
endif()
if(DACAPO_COVERAGE)
    string(APPEND CMAKE_CXX_FLAGS " --coverage -O0")
endif()
if(DACAPO_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND NOT DACAPO_LTO)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_link_options(-fuse-ld=mold)
    else()
        add_link_options(--ld-path=${MOLD})
    endif()
endif()
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)

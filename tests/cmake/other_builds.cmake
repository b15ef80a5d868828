# The tests of the sanitizer and fuzz builds as tests of this one, so that one ctest runs and sums up everything.
# `./dev test` builds those folders first; a binary that is missing fails as "could not find executable".

# Each target's share of what `./dev fuzz` does for ten minutes.
set(fuzz_seconds 30)
set(fuzz_input_seconds_max 20)

function(add_sanitizer_tests build environment)
    foreach(level unit http)
        if(NOT ${level}_sources)
            continue()
        endif()
        # ThreadSanitizer of g++ 12 does not start where addresses are randomised widely; setarch turns that off.
        add_test(NAME ${build}.${level} WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
                 COMMAND sh -c "setarch -R true 2>/dev/null && exec setarch -R \"$@\"; exec \"$@\"" sh
                         ${CMAKE_SOURCE_DIR}/build/${build}/tests/${level}_tests ${ARGN})
        set_tests_properties(${build}.${level} PROPERTIES
                             LABELS ${build} TIMEOUT 900 PROCESSORS 2 COST 500 ENVIRONMENT "${environment}")
    endforeach()
endfunction()

function(add_fuzz_tests)
    file(GLOB sources CONFIGURE_DEPENDS fuzz/*_fuzz.cpp)
    foreach(source ${sources})
        cmake_path(GET source STEM name)
        set(found ${CMAKE_SOURCE_DIR}/build/fuzz/found/${name})
        file(MAKE_DIRECTORY ${found}/inputs)
        set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/${name})
        if(NOT EXISTS ${seeds})
            set(seeds "")
        endif()
        add_test(NAME fuzz.${name}
                 COMMAND nice -n 19 ${CMAKE_SOURCE_DIR}/build/fuzz/tests/${name} -max_total_time=${fuzz_seconds}
                         -timeout=${fuzz_input_seconds_max} -rss_limit_mb=4096 -artifact_prefix=${found}/
                         ${found}/inputs ${seeds})
        # Beside the others, many of which wait most of the time, and out of their way: see tests_at_once in ./dev.
        set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 300 PROCESSORS 1 COST 1000)
    endforeach()
endfunction()

function(add_tests_of_other_builds)
    add_sanitizer_tests(asan "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1")
    add_sanitizer_tests(tsan "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_CURRENT_SOURCE_DIR}/tsan_suppressions.txt"
                        # librdkafka starts its threads by C11's thrd_create, which ThreadSanitizer does not know: it
                        # crashes in them. The other builds run these tests.
                        "--source-file-exclude=*/infra/kafka_log*,*/infra/kafka_owners*,*/infra/kafka_paced*,*/command/shared_snapshot*,*/projections/integration*")
    add_fuzz_tests()
endfunction()

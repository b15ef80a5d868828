# Included by what embeds files of an npm package: fetches the packages of web/package-lock.json into STORE once (no
# script of a package is run). All build folders share the store, so it is locked meanwhile.
file(MAKE_DIRECTORY ${STORE} ${OUT})
file(LOCK ${STORE} DIRECTORY GUARD PROCESS TIMEOUT 600)

file(SHA256 ${WEB}/package-lock.json wanted)
set(fetched "")
if(EXISTS ${STORE}/fetched)
    file(READ ${STORE}/fetched fetched)
endif()
if(NOT fetched STREQUAL wanted)
    file(REMOVE ${STORE}/fetched)
    file(COPY ${WEB}/package.json ${WEB}/package-lock.json DESTINATION ${STORE})
    if(NOT NPM)
        message(FATAL_ERROR "npm is missing, and the program needs packages from it: apt-get install npm")
    endif()
    execute_process(
        COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
        WORKING_DIRECTORY ${STORE} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "npm could not fetch the packages of web/package-lock.json; its message is above")
    endif()
    file(WRITE ${STORE}/fetched ${wanted})
endif()

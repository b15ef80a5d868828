# The passwords that nobody may choose are built into the program: zxcvbn's list comes from npm as web/package-lock.json
# pins it, and an assembler file takes its first COUNT in.
set(common_password_count 3000)
set(passwords_folder ${CMAKE_BINARY_DIR}/common_passwords)
add_custom_command(
    OUTPUT ${passwords_folder}/common_passwords.S
    COMMAND ${CMAKE_COMMAND} -D NPM=${NPM} -D COUNT=${common_password_count} -D WEB=${CMAKE_SOURCE_DIR}/web
            -D STORE=${DACAPO_WEB_STORE} -D OUT=${passwords_folder} -P ${CMAKE_CURRENT_LIST_DIR}/embed_passwords.cmake
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/embed_passwords.cmake ${CMAKE_CURRENT_LIST_DIR}/fetch_web.cmake
            ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json
    COMMENT "Embedding the most common passwords"
    VERBATIM)
target_sources(dacapo_command PRIVATE ${passwords_folder}/common_passwords.S)

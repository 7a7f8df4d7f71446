# Configures a preset in a folder of its own, builds targets there and may run its tests:
#   cmake -D PRESET=.. -D BINARY_DIR=.. -D TARGETS=.. [-D ARGS=..] [-D RUN=ON] [-D "FOLDERS=a b"]
#         -P nested.cmake
# FOLDERS are the folders of tests/ to build instead of the preset's.
cmake_minimum_required(VERSION 3.25)

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
if(FOLDERS)
    string(REPLACE " " "\\;" folders "${FOLDERS}")
    list(APPEND ARGS "-DRECKON_TESTS=${folders}")
endif()

execute_process(COMMAND_ERROR_IS_FATAL ANY WORKING_DIRECTORY ${root}
    COMMAND ${CMAKE_COMMAND} --preset ${PRESET} -B ${BINARY_DIR} ${ARGS})
execute_process(COMMAND_ERROR_IS_FATAL ANY
    COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR} --parallel ${cores} --target ${TARGETS})
if(RUN)
    execute_process(COMMAND_ERROR_IS_FATAL ANY
        COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${BINARY_DIR} --parallel ${cores}
            --output-on-failure --no-tests=error)
endif()

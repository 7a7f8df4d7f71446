# Configures a preset in a folder of its own, builds targets there and may run its tests:
#   cmake -D PRESET=.. -D BINARY_DIR=.. -D TARGETS=.. [-D ARGS=..] [-D RUN=ON]
#         [-D "TESTS=a b"] [-D "COMPONENTS=a b"] -P nested.cmake
# TESTS and COMPONENTS replace the preset's RECKON_TESTS and RECKON_COMPONENTS.
cmake_minimum_required(VERSION 3.25)

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
foreach(list TESTS COMPONENTS)
    if(${list})
        string(REPLACE " " "\\;" items "${${list}}")
        list(APPEND ARGS "-DRECKON_${list}=${items}")
    endif()
endforeach()

execute_process(COMMAND_ERROR_IS_FATAL ANY WORKING_DIRECTORY ${root}
    COMMAND ${CMAKE_COMMAND} --preset ${PRESET} -B ${BINARY_DIR} ${ARGS})
execute_process(COMMAND_ERROR_IS_FATAL ANY
    COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR} --parallel ${cores} --target ${TARGETS})
if(RUN)
    execute_process(COMMAND_ERROR_IS_FATAL ANY
        COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${BINARY_DIR} --parallel ${cores}
            --output-on-failure --no-tests=error)
endif()

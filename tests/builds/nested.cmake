# Configures a preset in a folder of its own, builds targets there and may run its tests:
#   cmake -D PRESET=.. -D BINARY_DIR=.. -D TARGETS=.. [-D RUN=ON] [-D ARGS=..] -P nested.cmake
cmake_minimum_required(VERSION 3.25)

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)

function(run)
    execute_process(COMMAND ${ARGV} WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../..
        COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --preset ${PRESET} -B ${BINARY_DIR} ${ARGS})
run(${CMAKE_COMMAND} --build ${BINARY_DIR} --parallel ${cores} --target ${TARGETS})
if(RUN)
    run(${CMAKE_CTEST_COMMAND} --test-dir ${BINARY_DIR} --output-on-failure --parallel ${cores}
        --no-tests=error)
endif()

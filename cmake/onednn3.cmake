# oneDNN 3 for the preset onednn3, which includes this file first of all: the headers and the library
# are taken out of two Python packages, of which nothing is installed. They need Debian's libgomp1,
# which comes with g++.
set(version 2023.2.0) # is oneDNN 3.2; 39 MB
set(packages onednn-cpu-gomp==${version} onednn-devel-cpu-gomp==${version})
set(folder ${CMAKE_CURRENT_LIST_DIR}/../build/onednn-${version})

if(NOT EXISTS ${folder})
    find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
    list(JOIN packages " " names)
    message(STATUS "Fetching ${names} (39 MB)")
    set(part ${folder}.part)
    file(REMOVE_RECURSE ${part})
    execute_process(RESULT_VARIABLE failed COMMAND ${Python3_EXECUTABLE} -m pip download -q --no-deps
        --only-binary :all: -d ${part}/wheels ${packages})
    if(failed)
        message(FATAL_ERROR "cannot fetch ${names} with pip. Without them, take the preset gcc, which "
            "uses Debian's oneDNN")
    endif()
    file(GLOB wheels ${part}/wheels/*.whl)
    foreach(wheel IN LISTS wheels)
        file(ARCHIVE_EXTRACT INPUT ${wheel} DESTINATION ${part})
    endforeach()
    file(GLOB include ${part}/*.data/data/include)
    file(GLOB library ${part}/*.data/data/lib/libdnnl.so.3)
    file(MAKE_DIRECTORY ${part}/whole)
    file(RENAME ${include} ${part}/whole/include)
    file(RENAME ${library} ${part}/whole/libdnnl.so.3)
    file(RENAME ${part}/whole ${folder})
    file(REMOVE_RECURSE ${part})
endif()

set(RECKON_ONEDNN_INCLUDE_DIR ${folder}/include CACHE PATH "oneDNN 3")
set(RECKON_ONEDNN_LIBRARY ${folder}/libdnnl.so.3 CACHE FILEPATH "oneDNN 3")

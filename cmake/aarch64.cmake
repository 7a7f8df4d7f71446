# 64-bit ARM Linux with Debian's cross compiler; what it builds runs under qemu. Header-only libraries of the host serve the target
# too, but /usr/include as a whole does not: links to them stand in a folder of their own.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu ${CMAKE_BINARY_DIR}/host)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/host/include)
foreach(library catch2 eigen3 nlohmann xsimd)
    file(CREATE_LINK /usr/include/${library} ${CMAKE_BINARY_DIR}/host/include/${library} SYMBOLIC)
endforeach()

# reckon::simd, the optional compiled target: the kernels of kernels/simd.hpp once per x86
# instruction set. Only these files have instruction set flags, and nothing of them leaks.

reckon_add_component(xsimd)
if(NOT TARGET reckon::xsimd)
    message(FATAL_ERROR "reckon: ${reckon_xsimd_missing}")
endif()

set(flags_sse4_2 -msse4.2)
set(flags_avx2 -mavx2 -mfma)
set(flags_avx512 -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl)
set(flags_avx512_vnni ${flags_avx512} -mavx512vnni)
set(flags_avx512_bf16 ${flags_avx512_vnni} -mavx512bf16)
set(flags_avx512_amx ${flags_avx512_bf16} -mamx-tile -mamx-int8 -mamx-bf16)
add_library(reckon_simd STATIC)
add_library(reckon::simd ALIAS reckon_simd)
foreach(arch sse4_2 avx2 avx512 avx512_vnni avx512_bf16 avx512_amx)
    set(of_f32 1)
    set(of_int8 1)
    set(of_bf16 1)
    if(arch STREQUAL "avx512_vnni") # what its name says, the rest is avx512's
        set(of_f32 0)
        set(of_bf16 0)
    elseif(arch STREQUAL "avx512_bf16")
        set(of_f32 0)
        set(of_int8 0)
    elseif(arch STREQUAL "avx512_amx")
        set(of_f32 0)
    endif()
    set(source ${PROJECT_BINARY_DIR}/simd/${arch}.cpp)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/simd_arch.cpp.in ${source} @ONLY)
    target_sources(reckon_simd PRIVATE ${source})
    # Always optimised: at -O0 std's inlines would be emitted with these flags, and another object
    # of the program could get linked to them.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
        "-march=x86-64;${flags_${arch}};-O2;-ffp-contract=fast")
endforeach()
target_link_libraries(reckon_simd PUBLIC reckon PRIVATE $<BUILD_INTERFACE:reckon::xsimd>)
target_compile_definitions(reckon_simd INTERFACE RECKON_SIMD_COMPILED=1)
set_target_properties(reckon_simd PROPERTIES
    EXPORT_NAME simd CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)

# What `cmake --install` lays down: the headers, find_package files and reckon.pc.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/reckon)
install(TARGETS reckon EXPORT reckon FILE_SET HEADERS)
install(EXPORT reckon NAMESPACE reckon:: DESTINATION ${package_dir} FILE reckon-targets.cmake)
if(TARGET reckon_simd)
    install(TARGETS reckon_simd EXPORT reckon_simd)
    install(EXPORT reckon_simd NAMESPACE reckon:: DESTINATION ${package_dir}
        FILE reckon-simd-targets.cmake)
endif()

configure_package_config_file(cmake/reckon-config.cmake.in reckon-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(reckon-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES cmake/components.cmake ${PROJECT_BINARY_DIR}/reckon-config.cmake
    ${PROJECT_BINARY_DIR}/reckon-config-version.cmake DESTINATION ${package_dir})

configure_file(cmake/reckon.pc.in reckon.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/reckon.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

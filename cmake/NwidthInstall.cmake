# SPDX-License-Identifier: Apache-2.0
# find_package(nwidth): the modules as nwidth::NAME, headers under include/nwidth with the folders of the source tree.
include(CMakePackageConfigHelpers)
get_property(modules GLOBAL PROPERTY NWIDTH_MODULES)
get_property(headers GLOBAL PROPERTY NWIDTH_HEADERS)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/nwidth)
install(TARGETS ${modules} EXPORT nwidth-targets)
foreach(header IN LISTS headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nwidth/${folder})
endforeach()
install(EXPORT nwidth-targets NAMESPACE nwidth:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nwidth-config.cmake.in
                              ${PROJECT_BINARY_DIR}/nwidth-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nwidth-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nwidth-config.cmake ${PROJECT_BINARY_DIR}/nwidth-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindNwidthNumbers.cmake DESTINATION ${package})

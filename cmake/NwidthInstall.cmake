# SPDX-License-Identifier: Apache-2.0
# find_package(nwidth): the modules as nwidth::NAME, headers under include/nwidth with the folders of the source tree.
include(CMakePackageConfigHelpers)
get_property(modules GLOBAL PROPERTY NWIDTH_MODULES)
get_property(headers GLOBAL PROPERTY NWIDTH_HEADERS)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/nwidth)
# A set of targets for each module, so that who needs the theory alone need not have what fitting stands on.
foreach(module IN LISTS modules)
  string(REPLACE nwidth_ "" name ${module})
  install(TARGETS ${module} EXPORT nwidth-${name}-targets)
  install(EXPORT nwidth-${name}-targets NAMESPACE nwidth:: DESTINATION ${package})
endforeach()
foreach(header IN LISTS headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nwidth/${folder})
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nwidth-config.cmake.in
                              ${PROJECT_BINARY_DIR}/nwidth-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nwidth-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nwidth-config.cmake ${PROJECT_BINARY_DIR}/nwidth-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindNwidthNumbers.cmake DESTINATION ${package})

# SPDX-License-Identifier: Apache-2.0
# Finds the C libraries that the numbers stand on and makes the imported targets NwidthNumbers::{gmp,mpfr,mpfi,flint}.
# nwidth and the projects that use an installed nwidth both find them here, so that no path of the machine that built
# nwidth is written into its package. For libraries outside the system's folders: set CMAKE_PREFIX_PATH.
include(FindPackageHandleStandardArgs)

# nwidth_find_number_library(NAME header library...): the target NwidthNumbers::NAME, and what of it must be found.
function(nwidth_find_number_library name header)
  find_path(NwidthNumbers_${name}_INCLUDE_DIR NAMES ${header} PATH_SUFFIXES flint)
  set(needed NwidthNumbers_${name}_INCLUDE_DIR)
  set(libraries)
  # Arb is a library of its own beside FLINT 2 (Debian 12: <arb.h>, libflint-arb) and a part of FLINT 3, whose arb.h
  # lies in one folder with flint.h.
  if("flint-arb" IN_LIST ARGN AND EXISTS "${NwidthNumbers_${name}_INCLUDE_DIR}/flint.h")
    list(REMOVE_ITEM ARGN flint-arb)
  endif()
  foreach(library IN LISTS ARGN)
    string(REPLACE - _ variable NwidthNumbers_${library}_LIBRARY)
    if(library STREQUAL "flint-arb")
      find_library(${variable} NAMES flint-arb arb)
    else()
      find_library(${variable} NAMES ${library})
    endif()
    list(APPEND needed ${variable})
    list(APPEND libraries ${${variable}})
  endforeach()
  mark_as_advanced(${needed})
  set(NwidthNumbers_needed ${NwidthNumbers_needed} ${needed} PARENT_SCOPE)
  if(NOT TARGET NwidthNumbers::${name})
    add_library(NwidthNumbers::${name} INTERFACE IMPORTED)
    set_target_properties(NwidthNumbers::${name} PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${NwidthNumbers_${name}_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${libraries}")
  endif()
endfunction()

set(NwidthNumbers_needed)
nwidth_find_number_library(flint arb.h flint-arb flint)
nwidth_find_number_library(mpfi mpfi.h mpfi)
nwidth_find_number_library(mpfr mpfr.h mpfr)
nwidth_find_number_library(gmp gmp.h gmp)
find_package_handle_standard_args(NwidthNumbers
  REQUIRED_VARS NwidthNumbers_gmp_LIBRARY ${NwidthNumbers_needed}
  REASON_FAILURE_MESSAGE "GMP, MPFR, MPFI and FLINT 2 with Arb, or FLINT 3, are needed. On Debian 12: apt-get install \
libgmp-dev libmpfr-dev libmpfi-dev libflint-dev libflint-arb-dev. Elsewhere: set CMAKE_PREFIX_PATH.")

# SPDX-License-Identifier: Apache-2.0
# nwidth_find_torch(): TORCH_ROOT, the folder of a torch >= 2.11, and NWIDTH_TORCH_VERSION; both empty where there is
# none. What TORCH_ROOT holds already counts, else what Python_EXECUTABLE finds, without PYTHONPATH as well, since pip's
# isolated builds hide the environment's packages in it, and headers from there serve as well as any.
function(nwidth_find_torch)
  set(roots ${TORCH_ROOT})
  if(NOT roots)
    foreach(flags "" -E)
      execute_process(COMMAND ${Python_EXECUTABLE} ${flags} -c
                      "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
                      OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE absent)
      if(NOT absent)
        list(APPEND roots ${root})
      endif()
    endforeach()
  endif()
  set(TORCH_ROOT "" PARENT_SCOPE)
  set(NWIDTH_TORCH_VERSION "" PARENT_SCOPE)
  foreach(root IN LISTS roots)
    if(EXISTS ${root}/include/torch/csrc/stable/library.h)
      file(STRINGS ${root}/version.py version REGEX "^__version__")
      string(REGEX REPLACE "^[^0-9]*([0-9.]*[0-9]).*$" "\\1" version "${version}")
      if(version VERSION_GREATER_EQUAL 2.11)
        set(TORCH_ROOT ${root} PARENT_SCOPE)
        set(NWIDTH_TORCH_VERSION ${version} PARENT_SCOPE)
        return()
      endif()
    endif()
  endforeach()
endfunction()

# nwidth_torch_cpu(): the target nwidth::torch_cpu, torch's headers and the libraries of its CPU half.
# find_package(Torch) would demand a CUDA toolkit for the wheel that PyPI has; libtorch_cpu alone runs without.
function(nwidth_torch_cpu)
  find_package(Threads REQUIRED)
  add_library(nwidth::torch_cpu INTERFACE IMPORTED GLOBAL)
  set(include ${TORCH_ROOT}/include)
  target_include_directories(nwidth::torch_cpu SYSTEM INTERFACE ${include} ${include}/torch/csrc/api/include)
  target_compile_definitions(nwidth::torch_cpu INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
  target_link_libraries(nwidth::torch_cpu INTERFACE ${TORCH_ROOT}/lib/libtorch_cpu.so ${TORCH_ROOT}/lib/libc10.so
                        Threads::Threads)
  target_link_options(nwidth::torch_cpu INTERFACE -Wl,--allow-shlib-undefined)
endfunction()

# SPDX-License-Identifier: GPL-2.0
# What every target of the harness is compiled with.
add_library(pinrig_settings INTERFACE)
target_compile_features(pinrig_settings INTERFACE cxx_std_20)
target_include_directories(pinrig_settings INTERFACE ${CMAKE_SOURCE_DIR}/harness)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

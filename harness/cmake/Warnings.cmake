# SPDX-License-Identifier: GPL-2.0
option(PINRIG_WERROR "Treat warnings of our own code as errors" OFF)
add_library(pinrig_warnings INTERFACE)
target_compile_options(pinrig_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wunused
  -Woverloaded-virtual -Wconversion -Wno-sign-conversion -Wnull-dereference -Wimplicit-fallthrough)
if(PINRIG_WERROR)
  target_compile_options(pinrig_warnings INTERFACE -Werror)
endif()
# g++ 12 reports these inside inlined Boost and std::variant code; they say nothing about ours.
target_compile_options(pinrig_warnings INTERFACE
  -Wno-maybe-uninitialized -Wno-null-dereference -Wno-restrict
  -Wno-missing-field-initializers)

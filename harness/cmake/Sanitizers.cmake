# SPDX-License-Identifier: GPL-2.0
set(PINRIG_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")
add_library(pinrig_sanitizers INTERFACE)
if(PINRIG_SANITIZE)
  target_compile_options(pinrig_sanitizers INTERFACE -fsanitize=${PINRIG_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(pinrig_sanitizers INTERFACE -fsanitize=${PINRIG_SANITIZE})
endif()

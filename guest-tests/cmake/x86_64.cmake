# SPDX-License-Identifier: GPL-2.0
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(PINRIG_TRIPLET x86_64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)

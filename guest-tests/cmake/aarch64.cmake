# SPDX-License-Identifier: GPL-2.0
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(PINRIG_TRIPLET aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)

// SPDX-License-Identifier: GPL-2.0
#include <cstdio>
#include <exception>

#include "base/cancel.h"
#include "base/exit_code.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  pinrig::open_standard_descriptors();
  try {
    return static_cast<int>(pinrig::cli::main_program(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "pinrig: internal error: %s\n", e.what());
    return static_cast<int>(pinrig::ExitCode::harness);
  }
}

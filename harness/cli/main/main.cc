// SPDX-License-Identifier: GPL-2.0
#include <cstdio>
#include <exception>

#include "base/exit_code.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  try {
    return static_cast<int>(pinrig::cli::main_program(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "pinrig: cannot go on: %s\n", e.what());
    return static_cast<int>(pinrig::ExitCode::harness);
  }
}

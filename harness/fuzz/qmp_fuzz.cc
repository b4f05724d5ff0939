// SPDX-License-Identifier: GPL-2.0
// QEMU's QMP and gdbstub, as a guest that broke out of it would speak them.
#include "fuzz.h"
#include "vm/cpu_states.h"
#include "vm/held_cpus.h"
#include "vm/qmp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  vm::Qmp qmp;
  qmp.send_command("query-status");
  qmp.send_device_del("nvme0");
  vm::HeldCpus stub(model::Arch::x86_64, 3);
  stub.arm(0xffffffff81113060, 1);
  fuzz::in_pieces(text, [&](std::string_view piece) {
    qmp.feed(piece);
    stub.feed(piece);
    static_cast<void>(stub.take_output());
  });
  fuzz::must(qmp.take_output().size() <= 64 * (size + 4));
  static_cast<void>(vm::parse_registers(text));
  return 0;
}

// SPDX-License-Identifier: GPL-2.0
// Writes the first inputs of the binary formats: `fuzz_seeds FOLDER` makes FOLDER/wire, FOLDER/results,
// FOLDER/qmp.
#include <cstdio>
#include <string>

#include "base/file.h"
#include "wire/frame.h"
#include "wire/host_action.h"
#include "wire/line_counters.h"
#include "wire/messages.h"

namespace pinrig::fuzz {
namespace {

std::string message(const nlohmann::json& json) { return wire::encode(wire::Kind::json, 0, json.dump()); }

std::string session() {
  wire::TestBegin begin;
  begin.id = 1;
  begin.name = "a/a";
  wire::LineCounters counters;
  counters.id = 1;
  counters.object = "block/bio.gcda";
  counters.data = "AAAA";
  wire::TestEnd end;
  end.id = 1;
  end.how = "exited";
  end.before.available = end.after.available = true;
  end.before.counters = end.after.counters = {{"pgfault", 1}};
  end.stuck = {{41, "reader", "D", "folio_wait"}};
  end.left = {{1, 2, 3}};
  return message(wire::Hello{}) + message(wire::HoldResult{"hold_result", true, "", 16, 0}) +
         message(wire::SetupDone{}) + message(begin) +
         wire::encode(wire::Kind::out, 1, "KTAP version 1\n1..1\nok 1 a\n") +
         wire::encode(wire::Kind::err, 1, "text\n") + message(wire::HostAction{}) +
         message(wire::HostActionDone{}) + message(counters) + message(end);
}

constexpr const char* qmp =
    R"({"QMP": {"version": {}, "capabilities": []}}
{"return": {}, "id": "capabilities"}
{"return": {"enabled": false, "present": true}, "id": "kvm"}
{"event": "DEVICE_DELETED", "data": {"device": "nvme0", "path": "x"}}
{"error": {"class": "GenericError", "desc": "no"}, "id": "remove:nvme0"}
{"return": {"status": "running"}, "id": "command"}
{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}
)";

Result<void> write_all_seeds(const fs::path& dir) {
  for (const char* name : {"wire", "results", "qmp"}) PINRIG_CHECK(make_dirs(dir / name));
  PINRIG_CHECK(write_file_atomic(dir / "wire/session", session()));
  PINRIG_CHECK(write_file_atomic(dir / "results/session", session()));
  PINRIG_CHECK(write_file_atomic(dir / "results/cut-off", session().substr(0, 300)));
  PINRIG_CHECK(write_file_atomic(dir / "qmp/session", qmp));
  PINRIG_CHECK(write_file_atomic(dir / "qmp/stub", "+$OK#9a+$T05thread:p01.02;#93+$E01#a6$W00#b7"));
  return write_file_atomic(dir / "qmp/registers", "CPU#0\r\nRIP=ffffffff81001010 RFL=00000246 HLT=0\r\n");
}

}  // namespace
}  // namespace pinrig::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  const auto done = pinrig::fuzz::write_all_seeds(argv[1]);
  if (done.has_value()) return 0;
  std::fprintf(stderr, "fuzz_seeds: %s\n", done.error().message.c_str());
  return 1;
}

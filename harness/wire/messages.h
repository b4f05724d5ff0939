// SPDX-License-Identifier: GPL-2.0
// The JSON messages on the control port. "type" says which; an unknown key is ignored, a missing one has
// the default given here.
//
//   guest: Hello            once, as soon as the ports are open
//   guest: HoldResult       once          the ledger's negative control, without the host
//   host:  Setup            when tests need more   guest: SetupDone
//   host:  Run              per test      guest: TestEnd
//   host:  PowerOff                       the guest powers off
//   host:  what cannot be read            guest: Refusal
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/fields.h"
#include "wire/test_end.h"

namespace pinrig::wire {

inline constexpr int protocol_version = 4;

/// Of the negative control: base pages that the held io_uring buffer spans, and seconds that the pinning
/// process may take in a guest that is not slow.
inline constexpr int hold_pages = 16;
inline constexpr double hold_limit_s = 30;

struct Hello {
  std::string type = "hello";
  int protocol = protocol_version;
  std::string release;  ///< uname -r
  std::string machine;  ///< uname -m
  int page_size = 0;    ///< bytes
  int cpus = 0;
  bool counters = false;  ///< nr_foll_pin_* exist
  double uptime_s = 0;    ///< CLOCK_BOOTTIME at the agent's first instruction
  std::vector<std::string>
      problems;  ///< what the kernel command line requested but could not be set up, one line each
};
PINRIG_MESSAGE(Hello, type, protocol, release, machine, page_size, cpus, counters, uptime_s, problems)

/// A namespace to mount; found by the controller's serial number, never by name.
struct Mount {
  std::string serial;
  int nsid = 1;
  std::string fstype;
  std::string target;
};
PINRIG_MESSAGE(Mount, serial, nsid, fstype, target)

struct Setup {
  std::string type = "setup";
  std::vector<Mount> mounts;
  int hugepages = 0;  ///< of the default size
  int swap_mib = 0;   ///< a swap file's worth of swap on the first ext4 mount
  bool rxe = false;   ///< bring the first Ethernet device up and put an rxe link on it
  std::vector<std::string>
      drives;  ///< "serial:nsid" to wait for and link as /dev/pin/SERIAL-nNSID, in addition to `mounts`
  int settle_ms = 2000;  ///< as in Run
};
PINRIG_MESSAGE(Setup, type, mounts, hugepages, swap_mib, rxe, drives, settle_ms)

struct SetupDone {
  std::string type = "setup_done";
  std::vector<std::string> problems;  ///< what could not be set up, one line each; empty = everything works
  std::map<std::string, std::string> devices;  ///< "serial:nsid" to "/dev/nvme0n1", "rxe" to "rxe0"
};
PINRIG_MESSAGE(SetupDone, type, problems, devices)

struct HoldResult {
  std::string type = "hold_result";
  bool available = false;                 ///< false: no counters, nothing was measured
  std::string problem;                    ///< set when the control itself failed
  std::int64_t outstanding_held = 0;      ///< after the test ended with its child still holding
  std::int64_t outstanding_released = 0;  ///< after that child unregistered them
};
PINRIG_MESSAGE(HoldResult, type, available, problem, outstanding_held, outstanding_released)

struct Run {
  std::string type = "run";
  std::uint32_t id = 0;  ///< > 0, unique in the guest
  std::string name;      ///< for the /dev/kmsg marks
  std::vector<std::string> argv;
  std::string file;  ///< the program, when it is not argv[0]
  std::map<std::string, std::string>
      env;  ///< in addition to PATH, HOME, TMPDIR, PINRIG_CLAIM_FD, PINRIG_HOST_FD
  std::string cwd = "/tmp";
  std::uint64_t limit_ms = 30000;
  int settle_ms = 2000;  ///< longest wait for the pin balance to settle: scale it on slow guests
  std::uint64_t output_limit =
      64u << 20;             ///< bytes of stdout and stderr together; the rest is counted and dropped
  bool watch_cases = false;  ///< its output is KTAP: see TestEnd::left
};
PINRIG_MESSAGE(Run, type, id, name, argv, file, env, cwd, limit_ms, settle_ms, output_limit, watch_cases)

/// Instead of the expected reply: the agent could not parse the request. The host reports it at once.
struct Refusal {
  std::string type = "refusal";
  std::string why;
};
PINRIG_MESSAGE(Refusal, type, why)

struct PowerOff {
  std::string type = "power_off";
};
PINRIG_MESSAGE(PowerOff, type)

}  // namespace pinrig::wire

// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "uevents.h"
#include "wire/frame.h"
#include "wire/host_action.h"

namespace pinrig::agent {

/// The two virtio-serial ports. The kernel lets one process open each, so that no test can write to them.
class Ports {
 public:
  /// Finds them by name as soon as the kernel has them; nothing after 10 s and ten times the boot time.
  static std::optional<Ports> open(Uevents& uevents, double uptime_s);

  /// A message on the control port, and a copy among the results. False when the host is gone.
  bool reply(const std::string& json);
  /// One frame on the results port.
  bool result(wire::Kind kind, std::uint32_t test_id, std::string_view payload);
  /// Header and payload in one piece, for callers that built it in place.
  bool raw_result(std::string_view frame);

  int control_fd() const { return control_.get(); }
  /// Reads what the host sent; call it when control_fd() is readable. False when the host is gone.
  bool receive();
  /// The next whole JSON frame that came in.
  std::optional<std::string> next_request();
  /// The next frame, if it answers a request to the host; otherwise it stays queued.
  std::optional<wire::HostActionDone> next_answer();
  /// Power off requested, or invalid data received: nothing more must run.
  bool wants_end() const;

 private:
  Ports(UniqueFd control, UniqueFd results);

  bool host_connected() const;

  UniqueFd control_;
  UniqueFd results_;
  bool greeted_ = false;
  std::string inbox_;
  bool corrupt_ = false;
};

}  // namespace pinrig::agent

// SPDX-License-Identifier: GPL-2.0
// The needed subset of the QEMU Machine Protocol, without I/O: bytes in, bytes out, facts.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pinrig::vm {

class Qmp {
 public:
  /// Bytes from QEMU. After the greeting it requests command mode, that a guest which switches off, resets or
  /// panics is held instead of ending QEMU (set-action, since QEMU 6.0; without it QEMU ends), and the
  /// accelerator.
  void feed(std::string_view bytes);
  /// Bytes to send; empties them.
  std::string take_output();
  void send_quit();
  /// Asks QEMU to unplug the device with that id; the guest must agree; removal() has the result.
  void send_device_del(const std::string& id);
  /// Nothing until QEMU answers; then empty when the device is gone, otherwise why it stays.
  std::optional<std::string> removal(const std::string& id) const;

  /// Any other command; one at a time. `arguments` is a JSON object, or empty.
  void send_command(const std::string& command, const std::string& arguments = {});
  /// Nothing until QEMU answers the last send_command(): its result, a string as it is, anything else as
  /// JSON.
  struct Answer {
    std::string text;
    std::string problem;  ///< what QEMU says against it; empty: it was carried out
  };
  const std::optional<Answer>& answer() const { return answer_; }

  /// Handshake done and the accelerator known: QEMU's main loop runs, so every device was created.
  bool ready() const { return kvm_.has_value(); }
  bool kvm() const { return kvm_.value_or(false); }
  /// Reason of the SHUTDOWN event: "guest-shutdown", "guest-reset", "guest-panic", "host-qmp-quit"; empty =
  /// none.
  const std::string& shutdown_reason() const { return shutdown_reason_; }
  /// The kernel told QEMU of its panic.
  bool panicked() const { return panicked_; }
  /// The guest was reset, or panicked, and QEMU holds it as it was then: it can still be looked at.
  bool died() const {
    return panicked_ || shutdown_reason_ == "guest-reset" || shutdown_reason_ == "guest-panic";
  }
  /// The guest does not run any more: it died, or switched itself off.
  bool over() const { return died() || shutdown_reason_ == "guest-shutdown"; }
  /// QEMU stopped the guest by itself: KVM's internal errors, an I/O error of the host.
  bool stopped() const { return stopped_; }
  /// An unexpected message of QEMU; empty = none.
  const std::string& problem() const { return problem_; }

 private:
  void line(std::string_view text);
  void reply(const nlohmann::json& message);
  void answered(const nlohmann::json& message);
  void event(const std::string& name, const nlohmann::json& data);
  void send(const char* command, const char* id);

  std::string in_;
  std::string out_;
  std::optional<bool> kvm_;
  std::string shutdown_reason_;
  std::string problem_;
  std::map<std::string, std::string> removals_;  ///< device to its removal(), once known
  std::optional<Answer> answer_;
  bool stopped_ = false;
  bool panicked_ = false;
};

}  // namespace pinrig::vm

// SPDX-License-Identifier: GPL-2.0
// A Unix socket that waits for QEMU to connect: one descriptor for the caller's poll(2), bytes in and out.
#pragma once

#include <poll.h>

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace pinrig::vm {

class Channel {
 public:
  /// Listens immediately. Error when the path does not fit into sun_path.
  static Result<Channel> listen_at(const fs::path& path);

  /// What to wait for; fd -1 (ignored by poll) once the peer has closed.
  pollfd interest() const;
  /// Nothing is read while full(). Accepts, reads at most `limit` bytes into in(), writes what it can of the
  /// output. Errors of the peer count as end of file: the caller that runs the peer sees its exit.
  void handle(short revents, std::size_t limit = 64 << 10);

  std::string& in() { return in_; }
  /// The buffer is full: nothing more is read until the caller consumes some of it.
  bool full() const { return in_.size() >= max_in; }
  void send(std::string_view bytes) { out_ += bytes; }
  bool closed() const { return closed_; }

 private:
  /// Twice the longest frame (wire::max_payload).
  static constexpr std::size_t max_in = 2 << 20;

  void accept();
  void receive(std::size_t limit);
  void transmit();

  UniqueFd listener_;
  UniqueFd connection_;
  std::string in_;
  std::string out_;
  bool closed_ = false;
};

}  // namespace pinrig::vm

// SPDX-License-Identifier: GPL-2.0
// What the QEMU for tests (testing.cc) is told to connect to, what it answers on QMP, its dump, and what a
// test of it says.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

namespace pinrig::vm {

/// The path of the option that begins with `kind_and_id` on QEMU's command line.
inline std::string path_of(int argc, char** argv, const std::string& kind_and_id) {
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg.rfind(kind_and_id + ",", 0) == 0) return arg.substr(arg.find("path=") + 5);
  }
  return {};
}

/// A socket that the harness listens on; -1: it does not.
inline int connect_to(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

inline void put(int fd, const std::string& bytes) { (void)!::write(fd, bytes.data(), bytes.size()); }

/// In "bio_b_taint" the kernel warns in bio/b, in "bio_b_announces_taint" bio/b says so, in "all_taint" it
/// warns in each test. Returns what the test prints about it.
inline std::string warn(const std::string& role, const std::string& test, int log, std::int64_t& taint) {
  if (role != "all_taint" && (test != "bio/b" || !role.ends_with("taint"))) return "";
  put(log, "[    1.100000] WARNING: CPU: 0 PID: 88 at mm/gup.c:12 gup_fast+0x1/0x2\n");
  taint |= 1 << 9;
  return role == "bio_b_announces_taint" ? "# expects kernel: mm/gup.c\n" : "";
}

/// Blocks for the next bytes; an end of the stream is an end of the fake.
inline std::string get(int fd) {
  char buffer[4096];
  const auto n = ::read(fd, buffer, sizeof buffer);
  if (n <= 0) ::_exit(0);
  return std::string(buffer, static_cast<std::size_t>(n));
}

/// Writes what QEMU would: the guest's bytes, until the disk takes no more.
inline void fill(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  const std::string bytes(65536, 'x');
  while (::write(fd, bytes.data(), bytes.size()) > 0) {
  }
}

/// A kdump file in the flattened form that QEMU writes: a header with one note, and nothing else.
inline std::string flattened_dump() {
  std::string header = "KDUMP   ";
  header.resize(4096 + 104);
  header[428 + 1] = 16;        // blocks of 4096 bytes
  header[4096 + 48 + 1] = 32;  // the notes are behind two of them
  header[4096 + 56] = 4;       // and 4 bytes long
  std::string out = "makedumpfile";
  out.resize(4096);
  const auto number = [&](std::int64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  };
  number(8192);
  number(4);
  out += "note";
  number(0);
  number(static_cast<std::int64_t>(header.size()));
  out += header;
  number(-1);
  number(-1);
  return out;
}

/// What QEMU's dump-guest-memory leaves, whole or not; what it says against it.
inline std::string save_memory(const nlohmann::json& request, bool whole) {
  const std::string file = request["arguments"]["protocol"].get<std::string>().substr(5);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  put(fd, flattened_dump().substr(0, whole ? std::string::npos : 5000));
  ::close(fd);
  return whole ? "" : "dump: failed to save memory: Input/output error";
}

/// One request on QMP with QEMU's answer; returns the command.
inline std::string answer_qmp(int qmp, const char* status, bool can_dump) {
  const auto request = nlohmann::json::parse(get(qmp), nullptr, false);
  const std::string command = request.is_object() ? request.value("execute", "") : "";
  nlohmann::json result = nlohmann::json::object();
  std::string problem;
  if (command == "query-status") result = {{"status", status}};
  if (command == "human-monitor-command") result = "CPU#0\r\nRIP=ffffffff81001010 RFL=00000246 HLT=0\r\n";
  if (command == "dump-guest-memory") problem = save_memory(request, can_dump);
  nlohmann::json answer{{"id", request.value("id", "")}};
  if (problem.empty())
    answer["return"] = result;
  else
    answer["error"] = {{"class", "GenericError"}, {"desc", problem}};
  put(qmp, answer.dump() + "\n");
  return command;
}

}  // namespace pinrig::vm

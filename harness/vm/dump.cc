// SPDX-License-Identifier: GPL-2.0
#include "vm/dump.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "vm/elf_core.h"
#include "vm/guest_impl.h"

namespace pinrig::vm {
namespace {

/// For a guest of that size; a busy host under a slow disk writes some 20 MiB in a second.
Deadline dump_deadline(int memory_mib) { return Deadline::after(Seconds(30 + memory_mib / 20.0)); }

/// For each of QEMU's answers but the dump.
constexpr Seconds answer_limit{1};
/// Of CR4: page tables have five levels.
constexpr std::uint64_t la57 = 1 << 12;

std::string file_beside(const std::string& vmlinux, const char* name) {
  if (vmlinux.empty()) return {};
  auto text = read_file(fs::path(vmlinux).parent_path() / name);
  return text.has_value() ? std::move(*text) : std::string();
}

/// QEMU creates it for reading only. Without what the kernel knows it stays as QEMU wrote it.
Result<void> completed_elf(const fs::path& file, const KernelFacts& facts, const std::string& info,
                           const std::string& map) {
  std::error_code ec;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ec);
  if (ec) return errno_error("changing the mode of " + file.string(), ec.value());
  if (map.empty()) return {};
  return complete_elf(file, facts, info, map);
}

/// What it takes of the disk, which is less than its size where it has holes.
std::uintmax_t bytes_on_disk(const fs::path& file) {
  struct stat st = {};
  if (::stat(file.c_str(), &st) != 0) return 0;
  const auto size = static_cast<std::uintmax_t>(st.st_size),
             blocks = static_cast<std::uintmax_t>(st.st_blocks);
  return blocks > 0 ? std::min(size, blocks * 512) : size;
}

std::uintmax_t free_bytes(const fs::path& dir) {
  std::error_code ec;
  const auto space = fs::space(dir, ec);
  return ec ? 0 : space.available;
}

}  // namespace

std::string dump_obstacle(const model::JobSpec& job, std::uintmax_t free) {
  const auto memory = static_cast<std::uintmax_t>(job.machine.memory_mib) << 20;
  if (job.machine.memory_mib > job.dump.limit_mib)
    return fmt::format("the guest has {} of memory, more than the {} of --dump-limit", human_bytes(memory),
                       human_bytes(static_cast<std::uintmax_t>(job.dump.limit_mib) << 20));
  if (free < memory + dump_reserve)
    return fmt::format(
        "{} are free on the disk, and a dump may need {} in addition to the {} that are left to guests",
        human_bytes(free), human_bytes(memory), human_bytes(dump_reserve));
  return {};
}

std::string dump_arguments(const std::string& file, model::Arch arch) {
  const char* format = arch == model::Arch::x86_64 ? "kdump-zlib" : "elf";
  return nlohmann::json{{"paging", false}, {"protocol", "file:" + file}, {"format", format}}.dump();
}

std::optional<std::uint64_t> printed_number(std::string_view text) {
  const auto at = text.find(": 0x");
  std::uint64_t out = 0;
  if (at == std::string_view::npos) return std::nullopt;
  const auto* from = text.data() + at + 4;
  const auto parsed = std::from_chars(from, text.data() + text.size(), out, 16);
  return parsed.ec == std::errc() ? std::optional(out) : std::nullopt;
}

Result<bool> Guest::Impl::ask_facts(KernelFacts& facts, const std::string& map) {
  const auto ask = [&](const std::string& line) {
    return ask_qemu("human-monitor-command", nlohmann::json{{"command-line", line}}.dump(),
                    Deadline::after(answer_limit));
  };
  if (job.arch == model::Arch::x86_64) {
    PINRIG_TRY(registers, ask("info registers"));
    const auto at = registers ? registers->text.find("CR4=") : std::string::npos;
    if (at == std::string::npos) return false;
    facts.five_levels = (std::strtoull(registers->text.c_str() + at + 4, nullptr, 16) & la57) != 0;
    return true;
  }
  take_config(facts, file_beside(job.vmlinux, "config"));
  for (auto [symbol, to] : {std::pair{"kimage_voffset", &facts.kimage_voffset},
                            std::pair{"memstart_addr", &facts.memstart_addr}}) {
    const std::string address = address_of(map, symbol);
    if (address.empty()) return false;
    PINRIG_TRY(printed, ask("x /1gx 0x" + address));
    const auto number = printed ? printed_number(printed->text) : std::nullopt;
    if (!number) return false;
    *to = *number;
  }
  return true;
}

Result<std::string> Guest::Impl::save_memory(const fs::path& file) {
  if (std::string why = dump_obstacle(job, free_bytes(files.dir)); !why.empty()) return why;
  const fs::path flat = file.string() + ".flat", part = file.string() + ".part";
  const std::string map = file_beside(job.vmlinux, "System.map");
  KernelFacts facts{.arch = job.arch, .release = release};
  PINRIG_TRY(known, ask_facts(facts, map));
  const std::string info = known ? vmcoreinfo(facts, map) : std::string();
  const bool elf = job.arch != model::Arch::x86_64;
  PINRIG_TRY(answer, ask_qemu("dump-guest-memory", dump_arguments((elf ? part : flat).string(), job.arch),
                              dump_deadline(job.machine.memory_mib)));
  std::string why = !answer ? "QEMU did not finish it in time" : answer->problem;
  if (why.empty()) {
    auto made = elf ? completed_elf(part, facts, info, known ? map : std::string()) : unflatten(flat, part);
    if (made.has_value() && !elf) made = complete_kdump(part, release, info);
    if (made.has_error()) why = made.error().message;
  }
  std::error_code ec;
  if (why.empty()) fs::rename(part, file, ec);
  if (ec) why = ec.message();
  for (const auto& left : {flat, part}) fs::remove(left, ec);
  return why;
}

Result<model::Dump> Guest::dump(model::DumpCause cause, const std::string& test) {
  Impl& g = *impl_;
  const auto start = Clock::now();
  model::Dump out{.cause = cause, .test = test};
  const fs::path file = fs::absolute(g.files.dir / "vmcore");
  if (g.status || !g.child) {
    out.problem = "QEMU is gone";
    return out;
  }
  PINRIG_TRY(why, g.save_memory(file));
  out.problem = std::move(why);
  out.took_s = since(start).count();
  if (!out.problem.empty()) return out;
  out.file = file.string();
  out.bytes = bytes_on_disk(file);
  return out;
}

}  // namespace pinrig::vm

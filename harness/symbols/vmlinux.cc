// SPDX-License-Identifier: GPL-2.0
#include <dwarf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "symbols/elf.h"
#include "symbols/symbols.h"

namespace pinrig::symbols {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }  // libdw gives arrays of malloc()
};

/// The DIEs around an address from the inside to the outside, as eu-addr2line finds them: the scopes of the
/// address lead into abstract definitions, those of the innermost DIE do not.
std::vector<Dwarf_Die> scopes_at(Dwarf_Die* unit, Dwarf_Addr address) {
  Dwarf_Die* found = nullptr;
  const int n = dwarf_getscopes(unit, address, &found);
  const std::unique_ptr<Dwarf_Die, Free> keep(found);
  if (n <= 0) return {};
  Dwarf_Die* around = nullptr;
  const int m = dwarf_getscopes_die(found, &around);
  const std::unique_ptr<Dwarf_Die, Free> keep_around(around);
  return m <= 0 ? std::vector<Dwarf_Die>() : std::vector<Dwarf_Die>(around, around + m);
}

/// An attribute that is a number; 0 when there is none.
int number_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(die, attribute, &found), &value) != 0) return 0;
  return static_cast<int>(value);
}

std::string called_from(Dwarf_Die* unit, Dwarf_Die* call) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(unit, &files, &count) != 0) return "";
  const auto index = static_cast<std::size_t>(number_of(call, DW_AT_call_file));
  const char* name = index < count ? dwarf_filesrc(files, index, nullptr, nullptr) : nullptr;
  return name == nullptr ? "" : name;
}

bool is_named(Dwarf_Die* die, const std::string& name) {
  const char* is = dwarf_diename(die);
  return is != nullptr && name == is;
}

/// The first child of `parent` with this tag and name; false when there is none.
bool child_of(Dwarf_Die* parent, int tag, const std::string& name, Dwarf_Die& out) {
  for (int more = dwarf_child(parent, &out); more == 0; more = dwarf_siblingof(&out, &out)) {
    if (dwarf_tag(&out) == tag && is_named(&out, name)) return true;
  }
  return false;
}

}  // namespace

struct Vmlinux::Impl {
  int fd = -1;
  std::unique_ptr<Elf, EndElf> elf;
  std::unique_ptr<Dwarf, EndDwarf> dwarf;
  std::multimap<std::string, Function> functions;
  Units units;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    dwarf.reset();
    elf.reset();
    if (fd >= 0) ::close(fd);
  }

  /// The unit that covers `address`; false when none does.
  bool unit_at(Dwarf_Addr address, Dwarf_Die& unit) const {
    auto span = std::upper_bound(units.spans.begin(), units.spans.end(), address,
                                 [](Dwarf_Addr a, const Span& s) { return a < s.low; });
    if (span == units.spans.begin()) return false;
    --span;
    return address < span->high && dwarf_offdie(dwarf.get(), span->unit, &unit) != nullptr;
  }

  std::string path_of(const std::string& file, Dwarf_Die* unit) const {
    Dwarf_Attribute attribute;
    const char* directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    return relative(file, directory == nullptr ? "" : directory, units.tree);
  }
};

Vmlinux::Vmlinux(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vmlinux::Vmlinux(Vmlinux&&) noexcept = default;
Vmlinux& Vmlinux::operator=(Vmlinux&&) noexcept = default;
Vmlinux::~Vmlinux() = default;

Result<Vmlinux> Vmlinux::open(const fs::path& file) {
  if (!fs::exists(file)) return read_file(file).error();
  elf_version(EV_CURRENT);
  auto impl = std::make_unique<Impl>();
  impl->fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (impl->fd >= 0) impl->elf.reset(elf_begin(impl->fd, ELF_C_READ_MMAP, nullptr));
  if (!impl->elf || elf_kind(impl->elf.get()) != ELF_K_ELF)
    return make_error(ErrorKind::bad_input, fmt::format("{}: not an ELF file", file.string()),
                      "name the vmlinux of the kernel that wrote the log, not its bzImage or Image");
  impl->functions = functions_of(impl->elf.get());
  impl->dwarf.reset(dwarf_begin_elf(impl->elf.get(), DWARF_C_READ, nullptr));
  if (impl->dwarf) impl->units = units_of(impl->dwarf.get());
  return Vmlinux(std::move(impl));
}

bool Vmlinux::has_lines() const { return !impl_->units.spans.empty(); }

std::optional<std::int64_t> Vmlinux::enumerator(const std::string& enumeration,
                                                const std::string& name) const {
  std::set<Dwarf_Off> seen;
  for (const auto& span : impl_->units.spans) {
    Dwarf_Die unit, list, value;
    if (!seen.insert(span.unit).second || dwarf_offdie(impl_->dwarf.get(), span.unit, &unit) == nullptr)
      continue;
    if (child_of(&unit, DW_TAG_enumeration_type, enumeration, list) &&
        child_of(&list, DW_TAG_enumerator, name, value))
      return number_of(&value, DW_AT_const_value);
  }
  return std::nullopt;
}

std::vector<Place> Vmlinux::at(std::uint64_t address) const {
  std::vector<Place> out;
  Dwarf_Die unit;
  if (!impl_->unit_at(address, unit)) return out;
  Place here;
  if (Dwarf_Line* line = dwarf_getsrc_die(&unit, address)) {
    const char* file = dwarf_linesrc(line, nullptr, nullptr);
    if (file != nullptr) here.file = impl_->path_of(file, &unit);
    dwarf_lineno(line, &here.line);
  }
  for (Dwarf_Die& die : scopes_at(&unit, address)) {
    const int tag = dwarf_tag(&die);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    const char* name = dwarf_diename(&die);
    here.function = name == nullptr ? "?" : name;
    here.inlined = tag == DW_TAG_inlined_subroutine;
    out.push_back(here);
    if (!here.inlined) break;
    here = {};
    here.file = impl_->path_of(called_from(&unit, &die), &unit);
    here.line = number_of(&die, DW_AT_call_line);
  }
  return out;
}

std::vector<Place> Vmlinux::at(const Frame& frame) const {
  if (frame.size == 0 || frame.offset > frame.size) return {};
  std::uint64_t address = 0;
  int fitting = 0;
  const auto [begin, end] = impl_->functions.equal_range(frame.function);
  for (auto f = begin; f != end; ++f) {
    if (f->second.size != frame.size && f->second.reaches != frame.size) continue;
    if (fitting > 0 && f->second.address == address) continue;
    address = f->second.address;
    ++fitting;
  }
  if (fitting != 1) return {};
  // "next+0x0/0x40": the call was the last thing that the function before it did, and never returns.
  const std::uint64_t before = frame.returns ? 1 : 0;
  return at(address + frame.offset - before);
}

}  // namespace pinrig::symbols

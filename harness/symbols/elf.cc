// SPDX-License-Identifier: GPL-2.0
#include "symbols/elf.h"

#include <dwarf.h>

#include <algorithm>

#include "base/file.h"

namespace pinrig::symbols {
namespace {

struct Symbol {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool function = false;
};

/// Symbols of code, as scripts/kallsyms.c takes them: labels end a function as much as functions do; "$x" of
/// arm64 and ".L" do not.
std::vector<Symbol> code_symbols(Elf* elf, Elf_Scn* section, const GElf_Shdr& header) {
  std::vector<Symbol> out;
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return out;
  const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
  for (int i = 0; i < count; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, i, &symbol) == nullptr || symbol.st_shndx == SHN_UNDEF) continue;
    const auto type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != STT_NOTYPE) continue;
    const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
    if (name == nullptr || name[0] == '\0' || name[0] == '$' || name[0] == '.') continue;
    out.push_back({name, symbol.st_value, symbol.st_size, type == STT_FUNC});
  }
  return out;
}

std::string directory_of(Dwarf_Die* unit) {
  Dwarf_Attribute attribute;
  const char* text = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
  return text == nullptr ? "" : text;
}

}  // namespace

std::multimap<std::string, Function> functions_of(Elf* elf) {
  std::vector<Symbol> symbols;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB) continue;
    auto found = code_symbols(elf, section, header);
    symbols.insert(symbols.end(), std::make_move_iterator(found.begin()),
                   std::make_move_iterator(found.end()));
  }
  std::sort(symbols.begin(), symbols.end(),
            [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  std::multimap<std::string, Function> out;
  for (auto s = symbols.begin(); s != symbols.end(); ++s) {
    const auto next = std::find_if(s, symbols.end(), [&](const Symbol& o) { return o.address > s->address; });
    const std::uint64_t reaches = next == symbols.end() ? s->size : next->address - s->address;
    if (s->function) out.emplace(s->name, Function{s->address, s->size, reaches});
  }
  return out;
}

Units units_of(Dwarf* dwarf) {
  Units out;
  std::string first;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  std::uint8_t type = 0;
  while (dwarf_get_units(dwarf, unit, &unit, nullptr, &type, &die, nullptr) == 0) {
    if (type != DW_UT_compile) continue;
    std::ptrdiff_t at = 0;
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    while ((at = dwarf_ranges(&die, at, &base, &low, &high)) > 0) {
      if (high > low) out.spans.push_back({low, high, dwarf_dieoffset(&die)});
    }
    const std::string directory = directory_of(&die);
    if (first.empty()) first = directory;
    const char* name = dwarf_diename(&die);
    if (name == nullptr || !std::string_view(name).ends_with("init/main.c") || !out.tree.empty()) continue;
    const std::string whole = relative(name, directory, "");
    out.tree = whole.substr(0, whole.size() - std::string_view("init/main.c").size());
  }
  if (out.tree.empty() && !first.empty()) out.tree = first + "/";
  std::sort(out.spans.begin(), out.spans.end(), [](const Span& a, const Span& b) { return a.low < b.low; });
  return out;
}

std::string relative(const std::string& file, const std::string& directory, const std::string& tree) {
  fs::path path(file);
  if (path.is_relative() && !directory.empty()) path = fs::path(directory) / path;
  std::string whole = path.lexically_normal().string();
  if (!tree.empty() && whole.starts_with(tree)) whole.erase(0, tree.size());
  return whole;
}

}  // namespace pinrig::symbols

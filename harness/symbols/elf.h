// SPDX-License-Identifier: GPL-2.0
// What libelf and libdw have to be asked for one at a time. Private to symbols.
#pragma once

#include <elfutils/libdw.h>
#include <gelf.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pinrig::symbols {

struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
struct EndDwarf {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

/// A function of the symbol table, with the distance to the next one: what kallsyms calls its size.
struct Function {
  std::uint64_t address = 0;
  std::uint64_t size = 0;     ///< st_size
  std::uint64_t reaches = 0;  ///< to the next symbol
};
/// All functions by name; several static ones may have the same.
std::multimap<std::string, Function> functions_of(Elf* elf);

/// A range of addresses and the unit that was compiled to it.
struct Span {
  std::uint64_t low = 0;
  std::uint64_t high = 0;  ///< first address behind it
  Dwarf_Off unit = 0;      ///< offset of the unit's DIE
};
/// Of every unit, sorted by address; and the tree's own directory, with a '/' at its end: where init/main.c
/// is, or else the first unit's working directory.
struct Units {
  std::vector<Span> spans;
  std::string tree;
};
Units units_of(Dwarf* dwarf);

/// The file's path below `tree`, without "." and "..".
std::string relative(const std::string& file, const std::string& directory, const std::string& tree);

}  // namespace pinrig::symbols

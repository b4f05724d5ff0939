// SPDX-License-Identifier: GPL-2.0
// The parts of a Setup, one function each. A returned text is a problem; empty is success.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "uevents.h"

namespace pinrig::agent {

/// "serial:nsid" to "/dev/nvme0n1" of every NVMe namespace.
std::map<std::string, std::string> nvme_namespaces();
/// Attaches those of the namespaces `wanted` ("serial:nsid") that are detached, waits for all of them, and
/// creates the links /dev/pin/SERIAL-nNSID.
std::map<std::string, std::string> find_drives(const std::vector<std::string>& wanted, Uevents& uevents,
                                               double limit_ms);

/// A swap file in `folder`, which is on a file system that can hold one.
std::string add_swap(const std::string& folder, int mib);
/// Reserves huge pages of the default size.
std::string reserve_hugepages(int pages);
/// Loopback and the first Ethernet device up, with an address, and "rxe0" on that device; waits for its
/// verbs.
std::string bring_up_rxe(Uevents& uevents, double limit_ms);

}  // namespace pinrig::agent

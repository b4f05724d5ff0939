// SPDX-License-Identifier: GPL-2.0
// /dev/iommu: address spaces of devices, created by user space, which maps its memory into them
// (drivers/iommu/iommufd). A mapping alone pins nothing; an attached device does. Newer than our headers: the
// layouts are defined here. The mock device is that of CONFIG_IOMMUFD_TEST: an IOMMU domain that records page
// frames, and a driver that reads and writes by itself.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IOMMUFD_FIXED = 1, IOMMUFD_WRITE = 2, IOMMUFD_READ = 4, IOMMUFD_RW = 6 };  // flags of mappings

// Skips the running case where the kernel has no /dev/iommu; -1 then.
int iommufd_open(void);
// What is pinned is charged to VmLck of the process that mapped it, as VFIO does (IOMMU_OPTION_RLIMIT_MODE);
// before anything else is done with the file. False: the running case has been skipped.
bool iommufd_limit_by_process(int fd);
// The kernel works with arrays of at most so many bytes for frames (usually 65536): several batches. Skips
// the running case when the kernel cannot.
bool iommufd_limit_memory(int fd, unsigned bytes);
// A new address space; 0: the running case failed.
uint32_t iommufd_space(int fd);
// These return 0, or the errno value.
int iommufd_map(int fd, uint32_t space, const void* addr, size_t length, uint64_t iova, unsigned flags);
// *done: the bytes unmapped. A length of UINT64_MAX at 0 means everything.
int iommufd_unmap(int fd, uint32_t space, uint64_t iova, uint64_t length, uint64_t* done);
// Maps what is mapped at `from` in `space` at `to` in `other`.
int iommufd_copy(int fd, uint32_t other, uint64_t to, uint32_t space, uint64_t from, size_t length);
int iommufd_destroy(int fd, uint32_t id);

// A mock device attached to an address space. Skips the running case when the kernel has none; 0 then.
// *domain holds its page frames. Call iommufd_destroy() at the end.
uint32_t iommufd_mock_device(int fd, uint32_t space, uint32_t* domain);
// The same where it is to be refused: the errno value, or 0.
int iommufd_try_mock_device(int fd, uint32_t space, uint32_t* domain);
// Are the frames that the mock domain has at `iova` those behind `addr`? 0, or the errno value.
int iommufd_mock_check(int fd, uint32_t domain, uint64_t iova, const void* addr, size_t length);

// A mock domain of the address space that records which of its I/O pages, of half a page each, a device wrote
// to (since 6.7). Skips the running case when the kernel has none; 0 then. It goes with the file.
uint32_t iommufd_dirty_domain(int fd, uint32_t space);
// All I/O pages of [iova, iova + length) have been written to. 0, or the errno value.
int iommufd_mock_dirty(int fd, uint32_t domain, uint64_t iova, size_t length);
// Sets the bits of what was written to, one for each `unit` bytes, and forgets it. 0, or the errno value;
// what cannot be set is no error.
int iommufd_get_dirty(int fd, uint32_t domain, uint64_t iova, size_t length, size_t unit, void* bitmap);

// A mock driver that reaches memory through an address space: a file, to be closed; -1: skipped or failed.
int iommufd_access(int fd, uint32_t space);
// It pins [iova, iova + length); *id names that. 0, or the errno value.
int iommufd_access_pin(int fd, int access, uint64_t iova, const void* addr, size_t length, bool write,
                       uint32_t* id);
int iommufd_access_unpin(int fd, int access, uint32_t id);
enum {
  IOMMUFD_RW_WRITE = 1,
  IOMMUFD_RW_SLOW = 4
};  // slow: through pinned pages, not by copying from the mapping
int iommufd_access_rw(int fd, int access, uint64_t iova, void* data, size_t length, unsigned flags);

// The VFIO device file `device` is bound to the iommufd and attached to an address space. 0, or the errno
// value.
int iommufd_vfio_bind(int fd, int device);
int iommufd_vfio_attach(int device, uint32_t space);

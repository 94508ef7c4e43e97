#include "southbound/dataplane/linux_classifier.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/linux_classifier_filters.h"
#include "southbound/dataplane/linux_classifier_maps.h"

// The object file, embedded (see BUILD).
extern const unsigned char kWaymarkClassifierObject[];
extern const unsigned int kWaymarkClassifierObjectSize;

namespace waymark {
namespace {

constexpr const char* kMapNames[] = {"wm_attachments", "wm_classes", "wm_exits", "wm_queues"};
constexpr const char* kProgramNames[] = {"wm_enter", "wm_exit", "wm_queue", "wm_keeper",
                                         "wm_block"};
constexpr size_t kPrograms = std::size(kProgramNames);
constexpr size_t kMostMapsOfAProgram = 16;

struct ProgramInfo {
  std::string name;
  uint64_t tag = 0;
  std::vector<uint32_t> map_ids;
};

std::optional<ProgramInfo> DescribeProgram(int fd) {
  uint32_t ids[kMostMapsOfAProgram] = {};
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  info.nr_map_ids = kMostMapsOfAProgram;
  info.map_ids = reinterpret_cast<uintptr_t>(ids);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return std::nullopt;
  ProgramInfo result{.name = info.name};
  std::memcpy(&result.tag, info.tag, sizeof result.tag);
  result.map_ids.assign(ids, ids + std::min<size_t>(info.nr_map_ids, kMostMapsOfAProgram));
  return result;
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

uint16_t KernelVlan(uint16_t vlan) { return vlan == 0 ? WAYMARK_WHOLE_PORT : vlan; }
uint16_t OurVlan(uint16_t vlan) { return vlan == WAYMARK_WHOLE_PORT ? 0 : vlan; }

std::string VlanText(uint16_t vlan) { return vlan == 0 ? "all" : absl::StrCat(vlan); }

std::string NameOf(const InterfaceNames& names, uint32_t index) {
  if (index == 0) return "";
  const auto found = names.find(static_cast<int>(index));
  return found == names.end() ? absl::StrCat("#", index) : found->second;
}

// A device that is gone is dumped under its number, so that what refers to it can be removed by it.
int IndexOf(NetlinkSocket& kernel, const std::string& name) {
  if (name.starts_with('#')) return atoi(name.c_str() + 1);
  return kernel.InterfaceIndex(name);
}

absl::Status Missing(const std::string& what, const std::string& device) {
  return absl::UnavailableError(absl::StrCat(what, ": no interface \"", device, "\" yet"));
}

absl::Status BpfError(const std::string& what, int error) {
  const std::string text = absl::StrCat(what, ": ", strerror(error));
  if (error == EPERM) {
    return absl::FailedPreconditionError(absl::StrCat(text, ": needs CAP_BPF and CAP_NET_ADMIN"));
  }
  return error == E2BIG ? absl::ResourceExhaustedError(text) : absl::InternalError(text);
}

template <typename Key, typename Value>
void ForEach(int map, const std::function<void(const Key&, const Value&)>& visit) {
  Key key{}, next{};
  bool first = true;
  while (bpf_map_get_next_key(map, first ? nullptr : &key, &next) == 0) {
    first = false;
    key = next;
    Value value{};
    if (bpf_map_lookup_elem(map, &key, &value) == 0) visit(key, value);
  }
}

}  // namespace

std::string KeyOf(const FilterSpec& spec) {
  return absl::StrCat("filter:", spec.device,
                      spec.direction == Direction::kIngress ? ":ingress" : ":egress");
}
std::string KeyOf(const EntrySpec& spec) {
  return absl::StrCat("entry:", spec.device, ":", VlanText(spec.vlan));
}
std::string KeyOf(const ClassSpec& spec) {
  return absl::StrCat("class:", spec.device, ":", VlanText(spec.vlan), spec.pcp ? ":pcp" : ":dscp",
                      static_cast<int>(spec.value));
}
std::string KeyOf(const ExitSpec& spec) { return absl::StrCat("exit:", spec.device); }
std::string KeyOf(const DscpSpec& spec) {
  return absl::StrCat("dscp:", static_cast<int>(spec.dscp));
}

Classifier::Classifier() { maps_.fill(-1); }

Classifier::~Classifier() {
  if (object_ != nullptr) bpf_object__close(object_);
}

absl::Status Classifier::AdoptMaps(NetlinkSocket& kernel) {
  const int anchor = kernel.InterfaceIndex(kAnchorDevice);
  const uint32_t id = anchor == 0 ? 0 : FilterProgramId(kernel, anchor, Direction::kIngress);
  if (id == 0) return absl::OkStatus();
  const FileDescriptor keeper(bpf_prog_get_fd_by_id(id));
  const std::optional<ProgramInfo> program =
      keeper.get() < 0 ? std::nullopt : DescribeProgram(keeper.get());
  if (!program) return absl::OkStatus();
  for (uint32_t map_id : program->map_ids) {
    const FileDescriptor fd(bpf_map_get_fd_by_id(map_id));
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (fd.get() < 0 || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) continue;
    bpf_map* map = bpf_object__find_map_by_name(object_, info.name);
    // Another release may lay a map out differently; then ours starts empty, and Reconcile fills
    // it.
    if (map == nullptr || bpf_map__key_size(map) != info.key_size ||
        bpf_map__value_size(map) != info.value_size || bpf_map__type(map) != info.type ||
        bpf_map__max_entries(map) != info.max_entries) {
      continue;
    }
    if (bpf_map__reuse_fd(map, fd.get()) != 0) return BpfError("adopt a map", errno);
  }
  return absl::OkStatus();
}

absl::Status Classifier::Open(NetlinkSocket& kernel) {
  libbpf_set_print(nullptr);
  object_ = bpf_object__open_mem(kWaymarkClassifierObject, kWaymarkClassifierObjectSize, nullptr);
  if (object_ == nullptr) return BpfError("open the classifier", errno);
  if (absl::Status status = AdoptMaps(kernel); !status.ok()) return status;
  if (const int error = bpf_object__load(object_); error != 0) {
    return BpfError("load the classifier", -error);
  }
  for (int i = 0; i < kMaps; ++i) {
    maps_[i] = bpf_object__find_map_fd_by_name(object_, kMapNames[i]);
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (maps_[i] < 0 || bpf_obj_get_info_by_fd(maps_[i], &info, &size) != 0) {
      return BpfError(kMapNames[i], errno);
    }
    map_ids_[i] = info.id;
  }
  for (size_t i = 0; i < kPrograms; ++i) {
    bpf_program* program = bpf_object__find_program_by_name(object_, kProgramNames[i]);
    programs_[i] = program == nullptr ? -1 : bpf_program__fd(program);
    const std::optional<ProgramInfo> info = DescribeProgram(programs_[i]);
    if (!info) return BpfError(kProgramNames[i], errno);
    tags_[i] = info->tag;
  }
  return absl::OkStatus();
}

std::optional<FilterSpec> Classifier::DescribeFilter(uint32_t program_id, const std::string& device,
                                                     Direction direction) {
  const FileDescriptor fd(bpf_prog_get_fd_by_id(program_id));
  const std::optional<ProgramInfo> info = fd.get() < 0 ? std::nullopt : DescribeProgram(fd.get());
  if (!info) return std::nullopt;
  for (size_t i = 0; i < kPrograms; ++i) {
    if (info->name != kProgramNames[i]) continue;
    bool current = info->tag == tags_[i];
    for (uint32_t map : info->map_ids) {
      current &= std::find(map_ids_.begin(), map_ids_.end(), map) != map_ids_.end();
    }
    return FilterSpec{device, direction, static_cast<Program>(i), current};
  }
  return std::nullopt;
}

absl::Status Classifier::Install(NetlinkSocket& kernel, const FilterSpec& spec) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return Missing(KeyOf(spec), spec.device);
  const auto program = static_cast<size_t>(spec.program);
  return AttachFilter(kernel, index, spec.direction, programs_[program], kProgramNames[program],
                      KeyOf(spec));
}

absl::Status Classifier::Uninstall(NetlinkSocket& kernel, const FilterSpec& spec) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return absl::OkStatus();
  return DetachFilter(kernel, index, spec.direction, "remove " + KeyOf(spec));
}

absl::Status Classifier::DumpFilters(NetlinkSocket& kernel, const InterfaceNames& names,
                                     const FilterVisitor& visit) {
  std::vector<int> devices;
  absl::Status status = ListHookedDevices(kernel, &devices);
  for (int device : devices) {
    for (Direction direction : {Direction::kIngress, Direction::kEgress}) {
      const uint32_t id = FilterProgramId(kernel, device, direction);
      if (id == 0) continue;
      const auto spec = DescribeFilter(id, NameOf(names, device), direction);
      if (spec) visit(*spec);
    }
  }
  return status;
}

absl::Status Classifier::Update(Map map, const void* key, const void* value,
                                const std::string& what) {
  if (bpf_map_update_elem(maps_[map], key, value, BPF_ANY) == 0) return absl::OkStatus();
  return BpfError(what, errno);
}

absl::Status Classifier::Delete(Map map, const void* key, const std::string& what) {
  if (bpf_map_delete_elem(maps_[map], key) == 0 || errno == ENOENT) return absl::OkStatus();
  return BpfError("remove " + what, errno);
}

absl::Status Classifier::Install(NetlinkSocket& kernel, const EntrySpec& spec) {
  const int index = IndexOf(kernel, spec.device);
  if (index == 0) return Missing(KeyOf(spec), spec.device);
  const int target = spec.target.empty() ? 0 : IndexOf(kernel, spec.target);
  if (!spec.target.empty() && target == 0) return Missing(KeyOf(spec), spec.target);
  const waymark_port key{static_cast<uint32_t>(index), KernelVlan(spec.vlan), 0};
  const waymark_attachment value{spec.default_color, static_cast<uint32_t>(target),
                                 static_cast<uint16_t>(spec.deliver), spec.out_vlan};
  return Update(kAttachments, &key, &value, KeyOf(spec));
}

absl::Status Classifier::Uninstall(NetlinkSocket& kernel, const EntrySpec& spec) {
  const int index = IndexOf(kernel, spec.device);
  const waymark_port key{static_cast<uint32_t>(index), KernelVlan(spec.vlan), 0};
  return Delete(kAttachments, &key, KeyOf(spec));
}

absl::Status Classifier::Install(NetlinkSocket& kernel, const ClassSpec& spec) {
  const int index = IndexOf(kernel, spec.device);
  if (index == 0) return Missing(KeyOf(spec), spec.device);
  const waymark_class key{static_cast<uint32_t>(index), KernelVlan(spec.vlan),
                          static_cast<uint8_t>(spec.pcp ? WAYMARK_PCP : WAYMARK_DSCP), spec.value};
  return Update(kClasses, &key, &spec.color, KeyOf(spec));
}

absl::Status Classifier::Uninstall(NetlinkSocket& kernel, const ClassSpec& spec) {
  const waymark_class key{static_cast<uint32_t>(IndexOf(kernel, spec.device)),
                          KernelVlan(spec.vlan),
                          static_cast<uint8_t>(spec.pcp ? WAYMARK_PCP : WAYMARK_DSCP), spec.value};
  return Delete(kClasses, &key, KeyOf(spec));
}

absl::Status Classifier::Install(NetlinkSocket& kernel, const ExitSpec& spec) {
  const auto key = static_cast<uint32_t>(IndexOf(kernel, spec.device));
  if (key == 0) return Missing(KeyOf(spec), spec.device);
  const int target = spec.target.empty() ? 0 : IndexOf(kernel, spec.target);
  if (!spec.target.empty() && target == 0) return Missing(KeyOf(spec), spec.target);
  const waymark_exit value{static_cast<uint32_t>(target), spec.vlan, 0};
  return Update(kExits, &key, &value, KeyOf(spec));
}

absl::Status Classifier::Uninstall(NetlinkSocket& kernel, const ExitSpec& spec) {
  const auto key = static_cast<uint32_t>(IndexOf(kernel, spec.device));
  return Delete(kExits, &key, KeyOf(spec));
}

absl::Status Classifier::Install(NetlinkSocket&, const DscpSpec& spec) {
  const uint32_t key = spec.dscp;
  return Update(kQueues, &key, &spec.priority, KeyOf(spec));
}

absl::Status Classifier::Uninstall(NetlinkSocket& kernel, const DscpSpec& spec) {
  return Install(kernel, DscpSpec{spec.dscp, 0});
}

void Classifier::DumpEntries(const InterfaceNames& names,
                             const std::function<void(const EntrySpec&)>& visit) {
  ForEach<waymark_port, waymark_attachment>(
      maps_[kAttachments], [&](const waymark_port& key, const waymark_attachment& value) {
        visit({NameOf(names, key.ifindex), OurVlan(key.vlan), value.default_color,
               static_cast<EntrySpec::Deliver>(value.deliver), NameOf(names, value.target),
               value.out_vlan});
      });
}

void Classifier::DumpClasses(const InterfaceNames& names,
                             const std::function<void(const ClassSpec&)>& visit) {
  ForEach<waymark_class, uint32_t>(maps_[kClasses],
                                   [&](const waymark_class& key, const uint32_t& color) {
                                     visit({NameOf(names, key.ifindex), OurVlan(key.vlan),
                                            key.kind == WAYMARK_PCP, key.value, color});
                                   });
}

void Classifier::DumpExits(const InterfaceNames& names,
                           const std::function<void(const ExitSpec&)>& visit) {
  ForEach<uint32_t, waymark_exit>(maps_[kExits], [&](const uint32_t& key, const waymark_exit& to) {
    visit({NameOf(names, key), NameOf(names, to.target), to.vlan});
  });
}

void Classifier::DumpQueues(const std::function<void(const DscpSpec&)>& visit) {
  ForEach<uint32_t, uint32_t>(maps_[kQueues], [&](const uint32_t& key, const uint32_t& value) {
    if (value != 0) visit({static_cast<uint8_t>(key), value});
  });
}

}  // namespace waymark

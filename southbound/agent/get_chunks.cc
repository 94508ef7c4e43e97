#include "southbound/agent/get_chunks.h"

namespace waymark {

using southbound::v1::GetResponse;

std::vector<GetResponse> MakeGetChunks(const ObjectTable& table, bool hashes_only,
                                       const std::vector<std::string>& drifted,
                                       const std::string& error) {
  std::vector<GetResponse> chunks(1);
  int elements = 0;
  size_t bytes = 0;
  // The chunk that has room for an element of `size` bytes.
  const auto room = [&chunks, &elements, &bytes](size_t size) -> GetResponse& {
    if (elements == kMaxElementsPerChunk || (elements > 0 && bytes + size > kMaxBytesPerChunk)) {
      chunks.emplace_back();
      elements = 0;
      bytes = 0;
    }
    ++elements;
    bytes += size;
    return chunks.back();
  };
  for (const auto& [key, entry] : table.entries()) {
    if (hashes_only) {
      auto* hash = room(key.size() + 16).add_hashes();
      hash->set_key(key);
      hash->set_hash(entry.hash);
    } else {
      *room(entry.object.ByteSizeLong() + 4).add_objects() = entry.object;
    }
  }
  for (const std::string& key : drifted) room(key.size() + 4).add_drifted(key);
  chunks.back().set_last(true);
  chunks.back().set_error(error);
  return chunks;
}

}  // namespace waymark

// Sound objects for tests to start from: a switch "zrh1" with links "a" and "b".
#ifndef WAYMARK_SOUTHBOUND_AGENT_TEST_OBJECTS_H_
#define WAYMARK_SOUTHBOUND_AGENT_TEST_OBJECTS_H_

#include <initializer_list>
#include <string>

#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

southbound::v1::Object TestNode(const std::string& node = "zrh1");
// "a" has adjacency SID 0x8001, "b" 0x8002 and so on.
southbound::v1::Object TestLink(const std::string& id);
southbound::v1::Object TestRoute(uint32_t sid, std::initializer_list<const char*> links);
southbound::v1::Object TestPolicy(uint32_t color, uint32_t endpoint, uint32_t first_sid);
southbound::v1::Object TestInstance(uint32_t vni);
southbound::v1::Object TestAttachment(const std::string& interface, uint32_t vlan, uint32_t vni);

// A batch with growing operation ids from `first_id`.
class TestBatch {
 public:
  TestBatch(uint64_t id, int64_t revision, uint64_t first_id);
  TestBatch& Put(const southbound::v1::Object& object);
  TestBatch& Delete(const std::string& key);
  southbound::v1::Batch batch;

 private:
  uint64_t next_id_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_TEST_OBJECTS_H_

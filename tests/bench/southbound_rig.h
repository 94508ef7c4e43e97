// Both ends of the southbound benchmark: agents in a process of their own, the controller's half
// with a count of what passes, and the bare echo beside them.
#ifndef WAYMARK_TESTS_BENCH_SOUTHBOUND_RIG_H_
#define WAYMARK_TESTS_BENCH_SOUTHBOUND_RIG_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/base/object.h"
#include "controller/engine/switch_table.h"
#include "southbound/session/southbound_server.h"
#include "southbound/session/switch_session.h"

namespace waymark::bench {

// "n0" to "n4095", a ring of switches.
std::string NodeOf(int index);
// The node and its two links.
ObjectTable BaseOf(int index, int count);
southbound::v1::Object RouteOf(int index, uint32_t node_sid, bool backwards = false);

// What a process of agents runs, until it is killed: real agents on simulated switches, whose state
// is kept in memory. Returns what kept it from starting.
int RunAgents(int count, const std::string& controller);
// The same number of bare streams: each batch is answered by as many results, and that is all.
int RunEchoes(int count, const std::string& server);

// A process of either kind; killed with this object.
class Child {
 public:
  Child(const std::string& kind, int count, const std::string& address);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  int pid_ = 0;
};

struct Traffic {
  int64_t messages_out = 0, bytes_out = 0, messages_in = 0, bytes_in = 0;
};

// The real server and switch table, on a loop of their own.
class Controller final : public SwitchSessionListener {
 public:
  explicit Controller(const std::string& address);
  ~Controller() override;

  // Waits until every switch holds exactly this. False after a minute.
  bool Program(const std::map<std::string, ObjectTable>& desired);
  // What Program is given next is only wanted, not waited for.
  void Want(const std::map<std::string, ObjectTable>& desired);
  bool AwaitConverged();
  bool AwaitConnected(size_t count);
  void CloseSession(const std::string& node);
  // Of all sessions since the last call.
  Traffic TakeTraffic();

  absl::Status OnConnected(std::shared_ptr<SwitchSession> session,
                           const southbound::v1::Hello& hello) override;
  void OnMessage(const std::shared_ptr<SwitchSession>& session,
                 southbound::v1::AgentMessage message) override;
  void OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                      const absl::Status& reason) override;

 private:
  class Counted;

  bool Await(const std::function<bool()>& reached);
  std::shared_ptr<SwitchSession> CountedOf(const std::shared_ptr<SwitchSession>& session);

  Metrics metrics_;
  ThreadEventLoop loop_;
  std::unique_ptr<SwitchTable> table_;  // on the loop
  Revision revision_ = 0;               // on the loop
  std::unique_ptr<SouthboundServer> server_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool converged_ = false;
  std::map<SwitchSession*, std::shared_ptr<SwitchSession>> counted_;
  Traffic traffic_;
};

// The bare server: the same messages, and nothing is done with them.
class EchoServer {
 public:
  explicit EchoServer(const std::string& address);
  ~EchoServer();

  bool AwaitConnected(size_t count);
  // Sends each of the first `streams` of them the messages, one after another without waiting, all
  // at once; waits for all answers.
  bool Echo(size_t streams, const std::vector<southbound::v1::ControllerMessage>& messages);

 private:
  class Service;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_SOUTHBOUND_RIG_H_

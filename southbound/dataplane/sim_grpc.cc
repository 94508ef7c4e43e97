#include "southbound/dataplane/sim_grpc.h"

namespace waymark {

std::shared_ptr<grpc::Channel> SimFabricChannel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kSimLargestMessage);
  arguments.SetMaxSendMessageSize(kSimLargestMessage);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace waymark

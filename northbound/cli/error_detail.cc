#include "northbound/cli/error_detail.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

namespace waymark::cli {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr int kCodeField = 1;
constexpr int kMessageField = 2;
constexpr int kDetailsField = 3;

}  // namespace

bool DecodeErrorInfo(const std::string& details, v1::ErrorInfo* info) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(details.data()),
                                            static_cast<int>(details.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (tag != WireFormatLite::MakeTag(kDetailsField, WireFormatLite::WIRETYPE_LENGTH_DELIMITED)) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    std::string bytes;
    google::protobuf::Any any;
    if (!in.ReadVarint32(&size) || !in.ReadString(&bytes, static_cast<int>(size)) ||
        !any.ParseFromString(bytes)) {
      return false;
    }
    if (any.UnpackTo(info)) return true;
  }
  return false;
}

std::string EncodeErrorInfo(int code, const std::string& message, const v1::ErrorInfo& info) {
  google::protobuf::Any any;
  any.PackFrom(info);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    WireFormatLite::WriteInt32(kCodeField, code, &out);
    WireFormatLite::WriteString(kMessageField, message, &out);
    WireFormatLite::WriteString(kDetailsField, any.SerializeAsString(), &out);
  }
  return bytes;
}

}  // namespace waymark::cli

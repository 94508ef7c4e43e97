#include "northbound/cli/proto_text.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace waymark::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string Json(const Message& message, const bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = whitespace;
  options.preserve_proto_field_names = true;
  std::string out;
  // Fails only for messages that hold an Any or an invalid timestamp; the former we have none of,
  // and the latter a faulty server sent: then what could be written is shown.
  (void)google::protobuf::util::MessageToJsonString(message, &out, options);
  return out;
}

// A word that no YAML reader takes for a number, a truth value, null or syntax.
bool IsPlain(const std::string& text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  for (const char* reserved : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}) {
    if (text.size() <= 5 &&
        std::equal(
            text.begin(), text.end(), reserved, reserved + std::char_traits<char>::length(reserved),
            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; })) {
      return false;
    }
  }
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

std::string Quoted(const std::string& text) {
  if (IsPlain(text)) return text;
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string Real(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? ".nan" : value < 0 ? "-.inf" : ".inf";
  // The fewest digits that read back as the same double.
  for (int digits = 6; digits < std::numeric_limits<double>::max_digits10; ++digits) {
    const std::string text = absl::StrFormat("%.*g", digits, value);
    if (std::stod(text) == value) return text;
  }
  return absl::StrFormat("%.*g", std::numeric_limits<double>::max_digits10, value);
}

// `index`: -1 for a singular field.
std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(repeated ? r.GetRepeatedInt32(message, &field, index)
                                   : r.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(repeated ? r.GetRepeatedInt64(message, &field, index)
                                   : r.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(repeated ? r.GetRepeatedUInt32(message, &field, index)
                                   : r.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(repeated ? r.GetRepeatedUInt64(message, &field, index)
                                   : r.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Real(repeated ? r.GetRepeatedDouble(message, &field, index)
                           : r.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Real(repeated ? r.GetRepeatedFloat(message, &field, index)
                           : r.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      // By number: a newer server may send a value that this program has no name for.
      const int value = repeated ? r.GetRepeatedEnumValue(message, &field, index)
                                 : r.GetEnumValue(message, &field);
      const auto* known = field.enum_type()->FindValueByNumber(value);
      return known != nullptr ? known->name() : absl::StrCat(value);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return Quoted(repeated ? r.GetRepeatedString(message, &field, index)
                             : r.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "null";
}

void AppendFields(const Message& message, const std::string& indent, std::string* out);

// `head`: what stands before the value on its line, e.g. "  - ".
void AppendMessage(const Message& message, const std::string& head, const std::string& indent,
                   std::string* out) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    absl::StrAppend(out, head, " \"", google::protobuf::util::TimeUtil::ToString(*time), "\"\n");
    return;
  }
  std::string body;
  AppendFields(message, indent, &body);
  if (body.empty()) {
    absl::StrAppend(out, head, " {}\n");
  } else {
    absl::StrAppend(out, head, "\n", body);
  }
}

void AppendList(const Message& message, const FieldDescriptor& field, const std::string& indent,
                std::string* out) {
  const Reflection& r = *message.GetReflection();
  const int size = r.FieldSize(message, &field);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    absl::StrAppend(out, indent, field.name(), ": [");
    for (int i = 0; i < size; ++i) {
      absl::StrAppend(out, i > 0 ? ", " : "", Scalar(message, field, i));
    }
    absl::StrAppend(out, "]\n");
    return;
  }
  absl::StrAppend(out, indent, field.name(), ":\n");
  for (int i = 0; i < size; ++i) {
    std::string body;
    AppendFields(r.GetRepeatedMessage(message, &field, i), indent + "    ", &body);
    if (body.empty()) body = indent + "    {}\n";
    // The first field shares its line with the dash.
    body[indent.size() + 2] = '-';
    out->append(body);
  }
}

void AppendFields(const Message& message, const std::string& indent, std::string* out) {
  const Reflection& r = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      AppendList(message, *field, indent, out);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AppendMessage(r.GetMessage(message, field), absl::StrCat(indent, field->name(), ":"),
                    indent + "  ", out);
    } else {
      absl::StrAppend(out, indent, field->name(), ": ", Scalar(message, *field, -1), "\n");
    }
  }
}

}  // namespace

std::string ToJson(const Message& message) {
  std::string text = Json(message, true);
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::string ToJsonLine(const Message& message) { return Json(message, false) + '\n'; }

std::string ToYaml(const Message& message) {
  std::string out;
  AppendFields(message, "", &out);
  return out.empty() ? "{}\n" : out;
}

}  // namespace waymark::cli

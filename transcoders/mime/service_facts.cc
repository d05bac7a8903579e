#include "transcoders/mime/service_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

using schema::Kind;

constexpr std::string_view kPrefix = "telepost-";

// All values of the grammar, checked.
struct Stated {
  std::optional<Kind> kind;
  std::string caller, called, redirected_from, presentation, reason, call_id, codec, result, resolution,
      remote_id, coding;
  std::optional<Time> start;
  std::optional<Duration> duration;
  std::optional<std::uint32_t> pages, reference, segments, segments_missing, width, height;
};

bool is_digits(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_printable(std::string_view text, std::size_t max, bool spaces) {
  return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c > 0x20 && c < 0x7f) || (spaces && c == ' ');
  });
}

bool is_address(std::string_view text) {
  if (text.starts_with("tel:")) {
    text.remove_prefix(text.starts_with("tel:+") ? 5 : 4);
    return is_digits(text, 20);
  }
  for (const std::string_view scheme : {"sip:", "sips:", "mailto:"}) {
    if (text.starts_with(scheme)) return is_printable(text.substr(scheme.size()), 255, false);
  }
  return false;
}

bool read_number(std::string_view text, std::uint32_t least, std::uint32_t most,
                 std::optional<std::uint32_t>& number) {
  std::uint32_t value = 0;
  if (!is_digits(text, 5)) return false;
  std::from_chars(text.data(), text.data() + text.size(), value);
  number = value;
  return value >= least && value <= most;
}

bool read_duration(std::string_view text, std::optional<Duration>& duration) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  if (!is_digits(whole, 6)) return false;
  std::int64_t millis = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), millis);
  millis *= 1000;
  if (dot != std::string_view::npos) {
    const std::string_view fraction = text.substr(dot + 1);
    if (!is_digits(fraction, 3)) return false;
    std::int64_t weight = 100;
    for (const char digit : fraction) {
      millis += (digit - '0') * weight;
      weight /= 10;
    }
  }
  duration = Duration(millis);
  return true;
}

bool read_resolution(std::string_view text, Stated& stated) {
  const std::size_t by = text.find('x');
  if (by == std::string_view::npos || !read_number(text.substr(0, by), 1, 99999, stated.width) ||
      !read_number(text.substr(by + 1), 1, 99999, stated.height)) {
    return false;
  }
  stated.resolution = text;
  return true;
}

bool keep_if(bool good, std::string_view value, std::string& place) {
  if (good) place = value;
  return good;
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), value) != words.end();
}

using Read = bool (*)(std::string_view, Stated&);
using Field = std::pair<std::string_view, Read>;

// Each field by its name behind "telepost-".
constexpr std::array<Field, 18> kFields = {{
    {"kind",
     [](std::string_view v, Stated& s) {
       auto kind = schema::kind_from(v);
       if (kind.ok()) s.kind = *kind;
       return kind.ok();
     }},
    {"caller", [](std::string_view v, Stated& s) { return keep_if(is_address(v), v, s.caller); }},
    {"called", [](std::string_view v, Stated& s) { return keep_if(is_address(v), v, s.called); }},
    {"redirected-from",
     [](std::string_view v, Stated& s) { return keep_if(is_address(v), v, s.redirected_from); }},
    {"presentation",
     [](std::string_view v, Stated& s) {
       return keep_if(is_one_of(v, {"allowed", "restricted"}), v, s.presentation);
     }},
    {"reason",
     [](std::string_view v, Stated& s) {
       return keep_if(is_one_of(v, {"busy", "no-answer", "unreachable", "unconditional"}), v, s.reason);
     }},
    {"call-id",
     [](std::string_view v, Stated& s) { return keep_if(is_printable(v, 255, false), v, s.call_id); }},
    {"start",
     [](std::string_view v, Stated& s) {
       const auto time = from_rfc3339(v);
       if (time.ok()) s.start = *time;
       return time.ok();
     }},
    {"duration", [](std::string_view v, Stated& s) { return read_duration(v, s.duration); }},
    {"codec",
     [](std::string_view v, Stated& s) {
       s.codec = to_lower(v);
       return is_media_type(v);
     }},
    {"result",
     [](std::string_view v, Stated& s) { return keep_if(is_printable(v, 200, true), v, s.result); }},
    {"pages", [](std::string_view v, Stated& s) { return read_number(v, 0, 9999, s.pages); }},
    {"resolution", [](std::string_view v, Stated& s) { return read_resolution(v, s); }},
    {"remote-id",
     [](std::string_view v, Stated& s) { return keep_if(is_printable(v, 64, true), v, s.remote_id); }},
    {"coding",
     [](std::string_view v, Stated& s) {
       return keep_if(is_one_of(v, {"gsm7", "ucs2", "binary", "latin1"}), v, s.coding);
     }},
    {"reference", [](std::string_view v, Stated& s) { return read_number(v, 0, 65535, s.reference); }},
    {"segments", [](std::string_view v, Stated& s) { return read_number(v, 1, 255, s.segments); }},
    {"segments-missing",
     [](std::string_view v, Stated& s) { return read_number(v, 0, 255, s.segments_missing); }},
}};

Result<Stated> read_fields(const std::vector<RawField>& header) {
  Stated stated;
  std::array<bool, kFields.size()> seen{};
  for (const RawField& field : header) {
    if (!starts_with_ignoring_case(field.name, kPrefix)) continue;
    const std::string name = to_lower(field.name).substr(kPrefix.size());
    const auto known =
        std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.first == name; });
    const std::string shown = clean_text(field.name.substr(0, 60));
    if (known == kFields.end()) return {Errc::invalid, fmt::format("the field {} is unknown", shown)};
    bool& again = seen[static_cast<std::size_t>(known - kFields.begin())];
    if (again) return {Errc::invalid, fmt::format("the field {} stands more than once", shown)};
    again = true;
    if (!known->second(field.value, stated)) {
      return {Errc::invalid, fmt::format("the field {} has the malformed value '{}'", shown,
                                         truncate_utf8(clean_text(field.value), 80))};
    }
  }
  return stated;
}

template <typename Visit>
void for_each_leaf(const schema::Part& part, const Visit& visit) {
  if (part.children.empty()) visit(part);
  for (const schema::Part& child : part.children) for_each_leaf(child, visit);
}

const schema::Part* first_leaf(const schema::Part& root, std::string_view type_prefix) {
  const schema::Part* found = nullptr;
  for_each_leaf(root, [&](const schema::Part& part) {
    if (found == nullptr && part.type.starts_with(type_prefix)) found = &part;
  });
  return found;
}

// ITU-T T.37: TIFF, and nothing beside it but text.
bool is_fax_shaped(const schema::Part& root) {
  bool only_fax = true;
  for_each_leaf(root, [&](const schema::Part& part) {
    only_fax = only_fax && (part.type == "image/tiff" || part.type.starts_with("text/"));
  });
  return only_fax && first_leaf(root, "image/tiff") != nullptr;
}

Kind kind_of_shape(const Structure& structure) {
  if (const std::string* context = find_field(structure.header, "Message-Context")) {
    const std::string word = to_lower(*context);
    if (word == "voice-message") return Kind::voice;
    if (word == "fax-message") return Kind::fax;
    if (word == "video-message") return Kind::video;
    if (word == "pager-message") return Kind::sms;
    if (word == "text-message" || word == "multimedia-message")
      return Kind::email;  // RFC 3458 section 3: ordinary mail
  }
  const schema::Part& root = structure.root;
  if (root.type == "multipart/voice-message") return Kind::voice;
  if (root.type == "multipart/fax-message" || is_fax_shaped(root)) return Kind::fax;
  return Kind::email;
}

// A number in the local part (RFC 3801 section 4.1.1) is a tel: address; a fax address may call it FAX= (RFC
// 3191, RFC 3192).
std::string address_of(const Structure& structure, std::string_view field) {
  const std::string* value = find_field(structure.header, field);
  if (value == nullptr) return {};
  const std::vector<Mailbox> mailboxes = parse_addresses(*value, 1);
  if (mailboxes.empty()) return {};
  const std::string& address = mailboxes.front().address;
  std::string_view local = std::string_view(address).substr(0, address.rfind('@'));
  for (const std::string_view prefix : {"FAX=", "VOICE="}) {
    if (starts_with_ignoring_case(local, prefix)) local.remove_prefix(prefix.size());
  }
  const std::string number = "tel:" + std::string(local);
  return local.starts_with('+') && is_address(number) ? number : "mailto:" + address;
}

std::optional<Duration> content_duration(const Structure& structure, const schema::Part* media) {
  std::optional<Duration> duration;
  if (media == nullptr) return duration;
  for (const PartField& field : structure.content_fields) {
    if (field.part_id == media->id && equals_ignoring_case(field.name, "Content-Duration")) {
      read_duration(field.value, duration);
      return duration;
    }
  }
  const std::string* own = find_field(structure.header, "Content-Duration");
  if (own != nullptr && media == &structure.root) read_duration(*own, duration);
  return duration;
}

// The part that is the message, where a spoken name or a cover page may stand beside it (RFC 3801 section
// 4.2.4).
const schema::Part* voice_part(const Structure& structure) {
  for (const PartField& field : structure.content_fields) {
    if (!equals_ignoring_case(field.name, "Content-Disposition")) continue;
    const ParameterizedValue value = parse_parameterized(field.value);
    const Parameter* voice = value.find("voice");
    if (voice == nullptr || !equals_ignoring_case(voice->value, "Voice-Message")) continue;
    const schema::Part* found = nullptr;
    for_each_leaf(structure.root, [&](const schema::Part& part) {
      if (part.id == field.part_id && part.type.starts_with("audio/")) found = &part;
    });
    if (found != nullptr) return found;
  }
  return first_leaf(structure.root, "audio/");
}

schema::Facts facts_of(Kind kind, Stated&& s, const Structure& structure) {
  if (s.presentation == "restricted") s.caller.clear();
  else if (s.caller.empty()) s.caller = address_of(structure, "From");
  if (s.called.empty()) s.called = address_of(structure, "To");
  const auto fill_media = [&](const schema::Part* media) {
    if (s.codec.empty() && media != nullptr) s.codec = media->type;
    if (!s.duration) s.duration = content_duration(structure, media);
  };
  switch (kind) {
    case Kind::voice:
      fill_media(voice_part(structure));
      return schema::VoiceFacts{s.duration, s.caller, s.called, s.redirected_from, s.reason, s.presentation,
                                s.codec,    s.call_id, s.start};
    case Kind::fax:
      return schema::FaxFacts{s.pages, s.resolution, s.remote_id, s.caller, s.called, s.result, s.call_id};
    case Kind::sms:
      return schema::SmsFacts{s.coding, s.reference, s.segments.value_or(1), s.segments_missing.value_or(0),
                              s.caller, s.called};
    case Kind::video:
      fill_media(first_leaf(structure.root, "video/"));
      return schema::VideoFacts{s.codec, s.width, s.height, s.duration, s.caller, s.called};
    case Kind::email:
    case Kind::mms:
    case Kind::image:
    case Kind::text: break;
  }
  return {};
}

}  // namespace

Result<ServiceFacts> read_service_facts(const Structure& structure) {
  TELEPOST_ASSIGN(Stated stated, read_fields(structure.header));
  const Kind kind = stated.kind.value_or(kind_of_shape(structure));
  return ServiceFacts{kind, facts_of(kind, std::move(stated), structure)};
}

}  // namespace telepost::transcoders::mime

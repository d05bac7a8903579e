#include "adapters/jmap/new_part.h"

#include <algorithm>

#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/header_write_codec.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "transcoders/mime/entity.h"
#include "transcoders/mime/transfer.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kBase64Bytes = 57 * 8192;  // whole lines of base64 at a time

// The member where it is a text; "" where it is null or not there. A fault where it is anything else.
std::string text_in(NewPart::Reading& reading, const Json& object, const char* name, const std::string& path) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return {};
  if (member->is_string()) return member->get<std::string>();
  reading.fault(path + "/" + name, std::string(name) + " wants a text");
  return {};
}

bool has(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && !member->is_null();
}

void add(NewPart::Reading& reading, const std::string& property, Result<void> added) {
  if (!added.ok()) reading.fault(property, added.error().detail);
}

std::string boundary_of(const std::string& seed) { return "=_" + to_hex(sha256(seed).view()).substr(0, 32); }

// Of a message, which is never encoded (RFC 2046 section 5.2.1).
Result<const char*> encoding_of(Blob& blob) {
  bool is_ascii = true;
  TELEPOST_TRY(blob.read({0, kWholeBlob}, [&](std::string_view bytes) {
    is_ascii = is_ascii && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0; });
    return is_ascii;
  }));
  return is_ascii ? "7bit" : "8bit";
}

}  // namespace

NewPart NewPart::multipart(std::string subtype, std::vector<NewPart> children) {
  NewPart part;
  part.type_ = "multipart/" + std::move(subtype);
  part.children_ = std::move(children);
  return part;
}

NewPart NewPart::empty_text() {
  NewPart part;
  part.type_ = "text/plain";
  part.header_ = mime::text_entity("plain", "").fields;
  return part;
}

Result<NewPart> NewPart::read(Reading& reading, const Json& object, const std::string& path) { return read(reading, object, path, 0); }

Result<NewPart> NewPart::read(Reading& reading, const Json& object, const std::string& path, unsigned level) {
  NewPart part;
  if (!object.is_object() || ++reading.parts > kMostParts || level > kMostLevels) {
    reading.fault(path, object.is_object() ? "too many parts, or too deep" : "a part is an object");
    return part;
  }
  part.type_ = to_lower(text_in(reading, object, "type", path));
  const bool has_children = has(object, "subParts");
  if (part.type_.empty() && has_children) part.type_ = "multipart/mixed";
  if (!part.type_.empty() && !mime::is_media_type(part.type_)) reading.fault(path + "/type", "that is no media type");
  TELEPOST_TRY(part.read_content(reading, object, path, level));
  part.read_header(reading, object, path);
  return part;
}

Result<void> NewPart::read_content(Reading& reading, const Json& object, const std::string& path, unsigned level) {
  const bool has_text = has(object, "partId"), has_blob = has(object, "blobId");
  if (type_.starts_with("multipart/")) {
    if (has_text || has_blob) reading.fault(path + (has_text ? "/partId" : "/blobId"), "a multipart has parts and nothing of its own");
    const auto children = object.find("subParts");
    return read_children(reading, children == object.end() ? Json(nullptr) : *children, path, level);
  }
  if (has(object, "subParts")) reading.fault(path + "/subParts", "only a multipart has parts");
  if (has_text == has_blob) {
    reading.fault(path, "a part has either a partId or a blobId");
    return {};
  }
  if (has_blob) return read_blob(reading, object, path);
  read_text(reading, object, path);
  return {};
}

Result<void> NewPart::read_children(Reading& reading, const Json& children, const std::string& path, unsigned level) {
  if (!children.is_array() || children.empty()) {
    reading.fault(path + "/subParts", "a multipart has parts");
    return {};
  }
  for (std::size_t i = 0; i < children.size(); ++i) {
    TELEPOST_ASSIGN(NewPart child, read(reading, children[i], path + "/subParts/" + std::to_string(i), level + 1));
    children_.push_back(std::move(child));
  }
  return {};
}

// RFC 8621 section 4.6: from bodyValues; how it is encoded is ours to say.
void NewPart::read_text(Reading& reading, const Json& object, const std::string& path) {
  for (const char* name : {"charset", "size"}) {
    if (has(object, name)) reading.fault(path + "/" + name, "what is given as text has none");
  }
  if (type_.empty()) type_ = "text/plain";
  if (!type_.starts_with("text/")) return reading.fault(path + "/type", "what is given as text is of a text type");
  const std::string id = text_in(reading, object, "partId", path);
  const auto value = reading.values.is_object() ? reading.values.find(id) : reading.values.end();
  if (!reading.values.is_object() || value == reading.values.end() || !value->is_object() || !value->contains("value") || !value->at("value").is_string()) {
    return reading.fault("bodyValues", "bodyValues has no value for partId '" + id.substr(0, 80) + "'");
  }
  for (const char* name : {"isEncodingProblem", "isTruncated"}) {
    if (const auto flag = value->find(name); flag != value->end() && *flag != Json(false)) reading.fault("bodyValues/" + id + "/" + name, "it is false, or not there");
  }
  mime::Entity entity = mime::text_entity(std::string_view(type_).substr(5), value->at("value").get<std::string>());
  const std::string name = text_in(reading, object, "name", path);
  header_ = std::move(entity.fields);
  if (!name.empty() && !has(object, "disposition")) {
    const std::string encoding = header_.substr(header_.find("\r\n") + 2);
    header_.clear();
    add(reading, path + "/name", mime::append_field(header_, "Content-Type", type_ + "; charset=utf-8" + mime::file_parameter("name", name)));
    header_ += encoding;
  }
  text_ = std::move(entity.body);
}

Result<void> NewPart::read_blob(Reading& reading, const Json& object, const std::string& path) {
  const std::string id = text_in(reading, object, "blobId", path);
  TELEPOST_ASSIGN(auto found, find_blob(reading.call, reading.account, id, store::Purpose::subscriber));
  if (!found) {
    reading.no_blobs.push_back(id);
    return {};
  }
  blob_ = std::move(found->blob);
  TELEPOST_ASSIGN(const std::uint64_t size, blob_->size());
  reading.blob_bytes += size;
  if (type_.empty()) type_ = mime::is_media_type(blob_->type()) && !blob_->type().starts_with("multipart/") ? to_lower(blob_->type()) : "application/octet-stream";
  std::string parameters;
  const std::string charset = text_in(reading, object, "charset", path), name = text_in(reading, object, "name", path);
  if (!charset.empty() && !mime::is_token(charset)) reading.fault(path + "/charset", "that is no charset");
  if (!charset.empty()) parameters += "; charset=" + charset;
  if (!name.empty() && !has(object, "disposition")) parameters += mime::file_parameter("name", name);
  add(reading, path + "/type", mime::append_field(header_, "Content-Type", type_ + parameters));
  const char* encoding = "base64";
  if (type_ == "message/rfc822" || type_ == "message/global") {
    TELEPOST_ASSIGN(encoding, encoding_of(*blob_));
  }
  return mime::append_field(header_, "Content-Transfer-Encoding", encoding);
}

void NewPart::read_header(Reading& reading, const Json& object, const std::string& path) {
  static const Names known = {"partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location", "subParts"};
  const std::string disposition = to_lower(text_in(reading, object, "disposition", path)), name = text_in(reading, object, "name", path);
  if (!disposition.empty()) {
    if (!mime::is_token(disposition)) reading.fault(path + "/disposition", "that is no disposition");
    const std::string file = name.empty() ? std::string() : mime::file_parameter("filename", name);
    add(reading, path + "/disposition", mime::append_field(header_, "Content-Disposition", disposition + file));
  }
  is_inline_ = disposition == "inline";
  has_cid_ = has(object, "cid");
  if (has_cid_) add(reading, path + "/cid", append_header(header_, {"Content-ID", HeaderForm::message_ids, false}, Json::array({object.at("cid")})));
  if (has(object, "language")) {
    std::string tags;
    for (const Json& tag : object.at("language").is_array() ? object.at("language") : Json::array({nullptr})) {
      if (!tag.is_string() || !mime::is_token(tag.get<std::string>())) reading.fault(path + "/language", "language wants a list of tags");
      else tags += (tags.empty() ? "" : ", ") + tag.get<std::string>();
    }
    if (!tags.empty()) add(reading, path + "/language", mime::append_field(header_, "Content-Language", tags));
  }
  if (const std::string location = text_in(reading, object, "location", path); !location.empty()) {
    add(reading, path + "/location", mime::append_field(header_, "Content-Location", location));
  }
  for (const auto& [property, value] : object.items()) {
    if (known.contains(property)) continue;
    const auto field = header_property_from(property);
    const std::string lower = field ? to_lower(field->name) : "";
    const bool is_ours = lower == "content-type" || lower == "content-transfer-encoding" || (lower == "content-disposition" && !disposition.empty()) ||
                         (lower == "content-id" && has_cid_) || (lower == "content-language" && has(object, "language")) ||
                         (lower == "content-location" && has(object, "location"));
    const bool is_twice = std::find(fields_.begin(), fields_.end(), lower) != fields_.end();
    if (!field || is_ours || is_twice) {
      reading.fault(path + "/" + property, !field ? "there is no such property of a part" : "that field is written from other properties");
      continue;
    }
    fields_.push_back(lower);
    add(reading, path + "/" + property, append_header(header_, *field, value));
  }
}

Result<void> NewPart::write(const Write& write, const std::string& seed) const {
  if (children_.empty()) {
    TELEPOST_TRY(write(header_));
    TELEPOST_TRY(write("\r\n"));
    return blob_ != nullptr ? write_blob(write) : write(text_);
  }
  const std::string boundary = boundary_of(seed);
  TELEPOST_TRY(write("Content-Type: " + type_ + ";\r\n boundary=\"" + boundary + "\"\r\n" + header_ + "\r\n"));
  return write_children(write, boundary, seed);
}

Result<void> NewPart::write_children(const Write& write, const std::string& boundary, const std::string& seed) const {
  for (std::size_t i = 0; i < children_.size(); ++i) {
    TELEPOST_TRY(write("--" + boundary + "\r\n"));
    TELEPOST_TRY(children_[i].write(write, seed + "." + std::to_string(i)));
    TELEPOST_TRY(write("\r\n"));
  }
  return write("--" + boundary + "--\r\n");
}

Result<void> NewPart::write_blob(const Write& write) const {
  const bool is_plain = type_ == "message/rfc822" || type_ == "message/global";
  Result<void> written;
  std::string pending;
  TELEPOST_TRY(blob_->read({0, kWholeBlob}, [&](std::string_view bytes) {
    if (is_plain) {
      written = write(bytes);
      return written.ok();
    }
    pending += bytes;
    while (pending.size() >= kBase64Bytes && written.ok()) {
      written = write(mime::encode_base64_lines(std::string_view(pending).substr(0, kBase64Bytes)));
      pending.erase(0, kBase64Bytes);
    }
    return written.ok();
  }));
  TELEPOST_TRY(written);
  return pending.empty() ? Result<void>() : write(mime::encode_base64_lines(pending));
}

}  // namespace telepost::adapters::jmap

#include "adapters/jmap/email_body.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "transcoders/mime/body_value.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

const Names& all_part_properties() {
  static const Names names = {"partId", "blobId", "size", "headers", "name", "type", "charset", "disposition", "cid", "language", "location", "subParts"};
  return names;
}

// RFC 8621 section 4.2.
const Names& part_properties_by_default() {
  static const Names names = {"partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location"};
  return names;
}

bool is_multipart(const schema::Part& part) { return part.type.starts_with("multipart/"); }
bool is_text(const schema::Part& part) { return part.type.starts_with("text/"); }

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// The implicit charset of RFC 2046 section 4.1.2 where none is given.
Json charset_of(const schema::Part& part) {
  if (!part.charset.empty()) return part.charset;
  return is_text(part) ? Json("us-ascii") : Json(nullptr);
}

// RFC 3282 section 2: tags between commas, and comments.
Json languages_of(const std::optional<std::string>& field) {
  if (!field) return nullptr;
  Json tags = Json::array();
  std::string tag;
  unsigned depth = 0;
  for (const char c : *field + ',') {
    if (c == '(') ++depth;
    else if (c == ')' && depth > 0) --depth;
    else if (c == ',' && depth == 0) {
      if (const std::string_view trimmed = trim(tag); !trimmed.empty()) tags.push_back(mime::clean_text(trimmed));
      tag.clear();
    } else if (depth == 0) {
      tag.push_back(c);
    }
  }
  return tags.empty() ? Json(nullptr) : tags;
}

void gather_texts(const schema::Part& part, std::set<const schema::Part*>& texts) {
  if (is_text(part)) texts.insert(&part);
  if (!is_multipart(part)) return;
  for (const schema::Part& child : part.children) gather_texts(child, texts);
}

}  // namespace

Result<BodyWanted> read_body_wanted(Arguments& arguments) {
  BodyWanted wanted;
  TELEPOST_ASSIGN(const auto properties, arguments.texts_or_null("bodyProperties"));
  TELEPOST_ASSIGN(wanted.text_values, arguments.boolean_or("fetchTextBodyValues", false));
  TELEPOST_ASSIGN(wanted.html_values, arguments.boolean_or("fetchHTMLBodyValues", false));
  TELEPOST_ASSIGN(wanted.all_values, arguments.boolean_or("fetchAllBodyValues", false));
  TELEPOST_ASSIGN(const auto most, arguments.unsigned_or_null("maxBodyValueBytes"));
  wanted.max_value_bytes = most.value_or(0);
  if (!properties) wanted.properties = part_properties_by_default();
  for (const std::string& property : properties.value_or(std::vector<std::string>())) {
    const auto header = header_property_from(property);
    if (!header && !all_part_properties().contains(property)) return {Errc::invalid, "bodyProperties: there is no '" + property.substr(0, 80) + "'"};
    if (header) wanted.headers.emplace_back(property, *header);
    else wanted.properties.insert(property);
  }
  return wanted;
}

Result<void> EmailBody::add_header(Json& json, const schema::Part& part) const {
  const auto wants = [&](const char* name) { return wanted_.properties.contains(name); };
  if (wanted_.headers.empty() && !wants("headers") && !wants("language") && !wants("location")) return {};
  std::string bytes;
  if (part.header.size > 0) {
    TELEPOST_ASSIGN(bytes, read_({part.header.offset, std::min(part.header.size, kMostHeaderBytes)}));
  }
  const HeaderFields header(std::move(bytes));
  if (wants("headers")) json["headers"] = header.list();
  if (wants("language")) json["language"] = languages_of(header.find("Content-Language"));
  if (wants("location")) {
    const auto location = header.find("Content-Location");
    json["location"] = location ? Json(mime::clean_text(*location)) : Json(nullptr);
  }
  for (const auto& [name, property] : wanted_.headers) json[name] = header.value(property);
  return {};
}

Result<Json> EmailBody::part(const schema::Part& part, Inner inner) const {
  Json json = Json::object();
  const auto put = [&](const char* name, auto value) {
    if (wanted_.properties.contains(name)) json[name] = value();
  };
  const bool is_leaf = !is_multipart(part);
  put("partId", [&] { return is_leaf ? Json(part.id) : Json(nullptr); });
  put("blobId", [&] { return is_leaf ? Json(to_id(blob_.part(part.id))) : Json(nullptr); });
  put("name", [&] { return text_or_null(transcoders::to_nfc(part.filename)); });
  put("type", [&] { return Json(part.type); });
  put("charset", [&] { return charset_of(part); });
  put("disposition", [&] { return text_or_null(part.disposition); });
  put("cid", [&] { return text_or_null(part.content_id); });
  if (wanted_.properties.contains("size")) {
    TELEPOST_ASSIGN(json["size"], is_leaf ? mime::decoded_size(part, read_) : Result<std::uint64_t>(part.body.size));
  }
  TELEPOST_TRY(add_header(json, part));
  if (is_leaf || inner == Inner::hidden) return json;
  Json children = Json::array();
  for (const schema::Part& child : part.children) {
    TELEPOST_ASSIGN(Json one, this->part(child, inner));
    children.push_back(std::move(one));
  }
  json["subParts"] = std::move(children);
  return json;
}

Result<Json> EmailBody::list(const std::vector<const schema::Part*>& parts) const {
  Json json = Json::array();
  for (const schema::Part* part : parts) {
    TELEPOST_ASSIGN(Json one, this->part(*part, Inner::hidden));
    json.push_back(std::move(one));
  }
  return json;
}

Result<Json> EmailBody::values(ValueBudget& budget) const {
  std::set<const schema::Part*> texts;
  const auto add = [&](const std::vector<const schema::Part*>& parts) {
    std::copy_if(parts.begin(), parts.end(), std::inserter(texts, texts.end()), [](const schema::Part* part) { return is_text(*part); });
  };
  if (wanted_.text_values) add(sorted_.text);
  if (wanted_.html_values) add(sorted_.html);
  if (wanted_.all_values) gather_texts(root_, texts);
  Json json = Json::object();
  const auto most = static_cast<std::size_t>(wanted_.max_value_bytes == 0 ? kMostValueBytes : std::min<std::uint64_t>(wanted_.max_value_bytes, kMostValueBytes));
  for (const schema::Part* part : texts) {
    // One more byte of each character than fits, whatever its charset: so that what is cut is cut by cut(), by the RFC's rules.
    TELEPOST_ASSIGN(mime::BodyValue value, mime::body_value(*part, read_, std::min(4 * most + 4, kMostValueBytes)));
    mime::cut(value, most, part->type);
    if (value.text.size() > budget.bytes) return {Errc::too_large, "the texts are too long together; ask for fewer emails or give maxBodyValueBytes"};
    budget.bytes -= value.text.size();
    json[part->id] = {{"value", std::move(value.text)}, {"isEncodingProblem", value.has_encoding_problem}, {"isTruncated", value.truncated}};
  }
  return json;
}

}  // namespace telepost::adapters::jmap

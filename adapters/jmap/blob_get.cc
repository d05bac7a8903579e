// Blob/get (RFC 9404 section 4.2): bytes of blobs, or of a range of each, in a response instead of by a download.
#include <algorithm>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/blob_digest.h"
#include "adapters/jmap/blob_management.h"
#include "adapters/jmap/get_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::uint64_t kMostOfABlob = std::uint64_t{8} << 20;   // whose bytes stand in the response
constexpr std::uint64_t kMostOfACall = std::uint64_t{32} << 20;
constexpr std::string_view kDigest = "digest:";

bool is_blob_property(std::string_view name) {
  if (name == "id" || name == "size" || name == "data" || name == "data:asText" || name == "data:asBase64") return true;
  const auto& known = digest_algorithms();
  return name.starts_with(kDigest) && std::find(known.begin(), known.end(), name.substr(kDigest.size())) != known.end();
}

struct BlobWanted {
  Names properties = {"data", "size"};
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // none: to the end
  bool wants(std::string_view name) const { return properties.contains(name); }
  bool wants_bytes() const { return wants("data") || wants("data:asText") || wants("data:asBase64"); }
  std::vector<std::string> digests() const {
    std::vector<std::string> names;
    for (const std::string& property : properties) {
      if (property.starts_with(kDigest)) names.push_back(property.substr(kDigest.size()));
    }
    return names;
  }
};

void put_bytes(Json& json, const BlobWanted& wanted, const std::string& bytes) {
  const bool is_text = is_json_text(bytes);
  const bool wants_text = wanted.wants("data") || wanted.wants("data:asText");
  if (wants_text && !is_text) json["isEncodingProblem"] = true;
  if (wants_text && is_text) json["data:asText"] = bytes;
  else if (wanted.wants("data:asText")) json["data:asText"] = nullptr;
  if (wanted.wants("data:asBase64") || (wanted.wants("data") && !is_text)) json["data:asBase64"] = to_base64(bytes);
}

// too_large: more bytes than a response may hold.
Result<Json> read_blob(Blob& blob, const BlobWanted& wanted, std::uint64_t& budget) {
  Json json = Json::object();
  TELEPOST_ASSIGN(const std::uint64_t size, blob.size());
  if (wanted.wants("size")) json["size"] = size;
  const std::uint64_t begin = std::min(wanted.offset, size);
  const std::uint64_t length = std::min(wanted.length.value_or(size - begin), size - begin);
  if (wanted.offset > size || wanted.length.value_or(0) > size - begin) json["isTruncated"] = true;
  if (wanted.wants_bytes() && length > std::min(budget, kMostOfABlob)) return {Errc::too_large, "more bytes than one response holds; ask for ranges, or download"};
  if (wanted.wants_bytes()) budget -= length;
  const std::vector<std::string> algorithms = wanted.digests();
  std::vector<BlobDigest> digests;
  for (const std::string& algorithm : algorithms) digests.emplace_back(algorithm);
  std::string bytes;
  if (wanted.wants_bytes() || !digests.empty()) {
    TELEPOST_TRY(blob.read({begin, length}, [&](std::string_view piece) {
      for (BlobDigest& digest : digests) digest.update(piece);
      if (wanted.wants_bytes()) bytes += piece;
      return true;
    }));
  }
  if (wanted.wants_bytes()) put_bytes(json, wanted, bytes);
  for (std::size_t i = 0; i < digests.size(); ++i) json[std::string(kDigest) + algorithms[i]] = to_base64(digests[i].finish());
  return json;
}

}  // namespace

MethodResult get_blobs(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("ids", Arguments::References::taken));
  TELEPOST_ASSIGN(const auto properties, call.arguments.texts_or_null("properties"));
  TELEPOST_ASSIGN(const auto offset, call.arguments.unsigned_or_null("offset"));
  BlobWanted wanted;
  TELEPOST_ASSIGN(wanted.length, call.arguments.unsigned_or_null("length"));
  TELEPOST_TRY(call.arguments.done());
  if (!ids) return MethodError{"invalidArguments", "ids wants a list of ids"};
  if (ids->size() > call.context.settings.max_objects_in_get) return MethodError{"requestTooLarge", "more blobs than maxObjectsInGet"};
  wanted.offset = offset.value_or(0);
  if (properties) wanted.properties = Names(properties->begin(), properties->end());
  for (const std::string& property : wanted.properties) {
    if (!is_blob_property(property)) return MethodError{"invalidArguments", "properties: there is no '" + property.substr(0, 80) + "'"};
  }
  std::uint64_t budget = kMostOfACall;
  Json list = Json::array(), not_found = Json::array();
  for (const std::string& id : *ids) {
    TELEPOST_ASSIGN(const auto found, find_blob(call, account, id, store::Purpose::subscriber));
    if (!found) {
      not_found.push_back(id);
      continue;
    }
    TELEPOST_ASSIGN(Json json, read_blob(*found->blob, wanted, budget));
    json["id"] = to_id(found->id);
    list.push_back(std::move(json));
  }
  return Json{{"accountId", to_id(account)}, {"list", std::move(list)}, {"notFound", std::move(not_found)}};
}

}  // namespace telepost::adapters::jmap

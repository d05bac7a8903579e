// RFC 9553 section 2, in its order. Values of an enumeration may be anybody's own (section 1.8), so that any filled text is one.
#include "adapters/jmap/card_types.h"

namespace telepost::adapters::jmap {
namespace {

using enum CardForm;
constexpr bool kRequired = true;

constexpr CardProperty kRelation[] = {{"relation", set}};
constexpr CardType kRelationType{"Relation", kRelation};

// 2.2: name and organisation
constexpr CardProperty kNameComponent[] = {{"value", text, nullptr, kRequired}, {"kind", filled, nullptr, kRequired}, {"phonetic", text}};
constexpr CardType kNameComponentType{"NameComponent", kNameComponent};
constexpr CardProperty kName[] = {{"components", list, &kNameComponentType}, {"isOrdered", flag}, {"defaultSeparator", text}, {"full", text},
                                  {"sortAs", texts}, {"phoneticScript", filled}, {"phoneticSystem", filled}};
constexpr std::string_view kNameParts[] = {"components", "full"};
constexpr CardType kNameType{"Name", kName, kNameParts};
constexpr CardProperty kNickname[] = {{"name", text, nullptr, kRequired}, {"contexts", set}, {"pref", pref}};
constexpr CardType kNicknameType{"Nickname", kNickname};
constexpr CardProperty kOrgUnit[] = {{"name", text, nullptr, kRequired}, {"sortAs", text}};
constexpr CardType kOrgUnitType{"OrgUnit", kOrgUnit};
constexpr CardProperty kOrganization[] = {{"name", text}, {"units", list, &kOrgUnitType}, {"sortAs", text}, {"contexts", set}};
constexpr std::string_view kOrganizationParts[] = {"name", "units"};
constexpr CardType kOrganizationType{"Organization", kOrganization, kOrganizationParts};
constexpr CardProperty kPronouns[] = {{"pronouns", text, nullptr, kRequired}, {"contexts", set}, {"pref", pref}};
constexpr CardType kPronounsType{"Pronouns", kPronouns};
constexpr CardProperty kSpeakToAs[] = {{"grammaticalGender", filled}, {"pronouns", by_id, &kPronounsType}};
constexpr std::string_view kSpeakToAsParts[] = {"grammaticalGender", "pronouns"};
constexpr CardType kSpeakToAsType{"SpeakToAs", kSpeakToAs, kSpeakToAsParts};
constexpr CardProperty kTitle[] = {{"name", text, nullptr, kRequired}, {"kind", filled}, {"organizationId", filled}};
constexpr CardType kTitleType{"Title", kTitle};

// 2.3: contact
constexpr CardProperty kEmail[] = {{"address", filled, nullptr, kRequired}, {"contexts", set}, {"pref", pref}, {"label", text}};
constexpr CardType kEmailType{"EmailAddress", kEmail};
constexpr CardProperty kOnlineService[] = {{"service", text}, {"uri", uri}, {"user", text}, {"contexts", set}, {"pref", pref}, {"label", text}};
constexpr std::string_view kOnlineServiceParts[] = {"uri", "user"};
constexpr CardType kOnlineServiceType{"OnlineService", kOnlineService, kOnlineServiceParts};
constexpr CardProperty kPhone[] = {{"number", filled, nullptr, kRequired}, {"features", set}, {"contexts", set}, {"pref", pref}, {"label", text}};
constexpr CardType kPhoneType{"Phone", kPhone};
constexpr CardProperty kLanguagePref[] = {{"language", language, nullptr, kRequired}, {"contexts", set}, {"pref", pref}};
constexpr CardType kLanguagePrefType{"LanguagePref", kLanguagePref};

// 2.4 and 2.6: resources (section 1.4.4)
constexpr CardProperty kOfKind[] = {{"kind", filled, nullptr, kRequired}, {"uri", uri, nullptr, kRequired}, {"mediaType", filled}, {"contexts", set},
                                    {"pref", pref}, {"label", text}};
constexpr CardType kCalendarType{"Calendar", kOfKind}, kMediaType{"Media", kOfKind};
constexpr CardProperty kResource[] = {{"kind", filled}, {"uri", uri, nullptr, kRequired}, {"mediaType", filled}, {"contexts", set}, {"pref", pref},
                                      {"label", text}};
constexpr CardType kCryptoKeyType{"CryptoKey", kResource}, kLinkType{"Link", kResource};
constexpr CardProperty kDirectory[] = {{"kind", filled, nullptr, kRequired}, {"uri", uri, nullptr, kRequired}, {"mediaType", filled}, {"contexts", set},
                                       {"pref", pref}, {"label", text}, {"listAs", from_one}};
constexpr CardType kDirectoryType{"Directory", kDirectory};
constexpr CardProperty kSchedulingAddress[] = {{"uri", uri, nullptr, kRequired}, {"contexts", set}, {"pref", pref}, {"label", text}};
constexpr CardType kSchedulingAddressType{"SchedulingAddress", kSchedulingAddress};

// 2.5: addresses
constexpr CardProperty kAddressComponent[] = {{"value", text, nullptr, kRequired}, {"kind", filled, nullptr, kRequired}, {"phonetic", text}};
constexpr CardType kAddressComponentType{"AddressComponent", kAddressComponent};
constexpr CardProperty kAddress[] = {{"components", list, &kAddressComponentType}, {"isOrdered", flag}, {"countryCode", country}, {"coordinates", uri},
                                     {"timeZone", filled}, {"contexts", set}, {"full", text}, {"defaultSeparator", text}, {"pref", pref},
                                     {"phoneticScript", filled}, {"phoneticSystem", filled}};
constexpr CardType kAddressType{"Address", kAddress};

// 2.8: more
constexpr CardProperty kPartialDate[] = {{"year", count}, {"month", count}, {"day", count}, {"calendarScale", filled}};
constexpr CardType kPartialDateType{"PartialDate", kPartialDate};
constexpr CardProperty kTimestamp[] = {{"utc", utc, nullptr, kRequired}};
constexpr CardType kTimestampType{"Timestamp", kTimestamp};
constexpr CardProperty kAnniversary[] = {{"kind", filled, nullptr, kRequired}, {"date", date, nullptr, kRequired}, {"place", object, &kAddressType}};
constexpr CardType kAnniversaryType{"Anniversary", kAnniversary};
constexpr CardProperty kAuthor[] = {{"name", text}, {"uri", uri}};
constexpr std::string_view kAuthorParts[] = {"name", "uri"};
constexpr CardType kAuthorType{"Author", kAuthor, kAuthorParts};
constexpr CardProperty kNote[] = {{"note", text, nullptr, kRequired}, {"created", utc}, {"author", object, &kAuthorType}};
constexpr CardType kNoteType{"Note", kNote};
constexpr CardProperty kPersonalInfo[] = {{"kind", filled, nullptr, kRequired}, {"value", text, nullptr, kRequired}, {"level", filled}, {"listAs", from_one},
                                          {"label", text}};
constexpr CardType kPersonalInfoType{"PersonalInfo", kPersonalInfo};

constexpr CardProperty kCard[] = {{"version", filled, nullptr, kRequired}, {"created", utc}, {"kind", filled}, {"language", language}, {"members", set},
                                  {"prodId", text}, {"relatedTo", by_text, &kRelationType}, {"uid", filled, nullptr, kRequired}, {"updated", utc},
                                  {"name", object, &kNameType}, {"nicknames", by_id, &kNicknameType}, {"organizations", by_id, &kOrganizationType},
                                  {"speakToAs", object, &kSpeakToAsType}, {"titles", by_id, &kTitleType},
                                  {"emails", by_id, &kEmailType}, {"onlineServices", by_id, &kOnlineServiceType}, {"phones", by_id, &kPhoneType},
                                  {"preferredLanguages", by_id, &kLanguagePrefType},
                                  {"calendars", by_id, &kCalendarType}, {"schedulingAddresses", by_id, &kSchedulingAddressType},
                                  {"addresses", by_id, &kAddressType},
                                  {"cryptoKeys", by_id, &kCryptoKeyType}, {"directories", by_id, &kDirectoryType}, {"links", by_id, &kLinkType},
                                  {"media", by_id, &kMediaType},
                                  {"localizations", patches},
                                  {"anniversaries", by_id, &kAnniversaryType}, {"keywords", set}, {"notes", by_id, &kNoteType},
                                  {"personalInfo", by_id, &kPersonalInfoType}};
constexpr CardType kCardType{"Card", kCard};

}  // namespace

const CardType& card_type() { return kCardType; }
const CardType& partial_date_type() { return kPartialDateType; }
const CardType& timestamp_type() { return kTimestampType; }

}  // namespace telepost::adapters::jmap

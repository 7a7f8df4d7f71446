// JSON for checkpoints and configurations: a stream of events for readers that must find duplicate
// keys, and a document whose getters name file, key, expected and actual. The only header that
// meets the JSON library (component reckon::json); it does not write documents.
#pragma once

#include <reckon/io/load_error.hpp>
#include <reckon/io/mapped_file.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon::inline v0 {

inline namespace RECKON_ISA {

/// What a streaming reader is told, in the order of the text. A format overrides what it allows
/// and throws from `refuse` for the rest, which is also what bounds the nesting.
class json_events {
  public:
    virtual ~json_events() = default;

    virtual void open_object() { refuse("an object"); }
    virtual void close_object() {}
    virtual void open_array() { refuse("an array"); }
    virtual void close_array() {}
    virtual void key(const std::string&) {}
    virtual void text(const std::string&) { refuse("a string"); }
    virtual void number(std::uint64_t) { refuse("an integer"); }  // never negative
    virtual void refuse(const std::string& actual) = 0;
};

}  // namespace RECKON_ISA

namespace detail::inline RECKON_ISA {

/// The parser's own words, such as "parse error at line 2, column 5: ...", without the text it read
/// last, which need not be fit to be shown.
[[noreturn]] inline void refuse_json(std::string_view file,
                                     const nlohmann::json::exception& error) {
    std::string_view reason = error.what();
    reason = reason.substr(0, reason.find("; last read"));
    throw load_error("json", file, "JSON", legible(reason.substr(reason.find(' ') + 1)));
}

// The shape the JSON library asks of a SAX handler.
struct json_handler {
    std::string_view file;
    json_events& events;

    bool null() { return refuse("null"); }
    bool boolean(bool value) { return refuse(value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return refuse(std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) { return events.number(value), true; }
    bool number_float(double, const std::string& digits) { return refuse(legible(digits)); }
    bool string(const std::string& value) { return events.text(value), true; }
    template <class Binary> bool binary(const Binary&) { return refuse("binary data"); }
    bool start_object(std::size_t) { return events.open_object(), true; }
    bool key(const std::string& name) { return events.key(name), true; }
    bool end_object() { return events.close_object(), true; }
    bool start_array(std::size_t) { return events.open_array(), true; }
    bool end_array() { return events.close_array(), true; }
    [[noreturn]] bool parse_error(std::size_t, const std::string&,
                                  const nlohmann::json::exception& error) {
        refuse_json(file, error);
    }

  private:
    bool refuse(const std::string& actual) { return events.refuse(actual), false; }
};

// The JSON library takes a zero byte for the end of the text and skips a byte order mark; a file
// must not hide anything behind the first, and JSON has no place for either.
inline void expect_plain_json(std::string_view text, std::string_view file) {
    const auto zero = text.find('\0');
    if (zero != text.npos)
        throw load_error("json", file, "JSON", "a zero byte at " + std::to_string(zero));
    if (text.substr(0, 3) == "\xef\xbb\xbf")
        throw load_error("json", file, "JSON", "a byte order mark");
}

}  // namespace detail::inline RECKON_ISA

inline namespace RECKON_ISA {

/// Reads `text` once, front to back, keeping nothing; strings are strict UTF-8. `file` is for
/// errors.
inline void read_json_events(std::string_view text, std::string_view file, json_events& events) {
    detail::expect_plain_json(text, file);
    detail::json_handler handler{file, events};
    nlohmann::json::sax_parse(text, &handler);
}

/// A string as JSON writes it, in quotes.
inline std::string json_string(std::string_view text) {
    try {
        return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
        throw load_error("json", in_quotes(text), "UTF-8", "other bytes");
    }
}

/// What a configuration may hold: a count, a switch, a number, a text.
template <class T>
concept json_value = std::same_as<T, idx> || std::same_as<T, bool> || std::floating_point<T> ||
    std::same_as<T, std::string>;

/// What a document may ask of memory and stack.
struct json_limits {
    idx bytes = idx{1} << 26;
    int depth = 64;
};

/// An object of a configuration file; it knows where it stands, for errors.
class json_object {
  public:
    /// Reads the file at `path`, whose whole text is one object.
    static json_object read(const std::string& path, const json_limits& limit = {}) {
        const mapped_file file{path};
        const auto bytes = file.bytes();
        return parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, limit);
    }
    /// `file` names the text in errors.
    static json_object parse(std::string_view text, std::string_view file,
                             const json_limits& limit = {}) {
        if (text.size() > limit.bytes)
            throw load_error("json", file, "at most " + std::to_string(limit.bytes) + " bytes",
                             std::to_string(text.size()));
        detail::expect_plain_json(text, file);
        using event = nlohmann::json::parse_event_t;
        const auto shallow = [&](int depth, event seen, const auto&) {
            const bool opens = seen == event::object_start || seen == event::array_start;
            if (opens && depth >= limit.depth)
                throw load_error("json", file, "nesting of at most " + std::to_string(limit.depth),
                                 "more");
            return true;
        };
        try {
            auto root = nlohmann::json::parse(text, shallow);
            if (!root.is_object()) throw load_error("json", file, "one object", shown(root));
            return {std::string{file}, std::move(root)};
        } catch (const nlohmann::json::exception& error) {
            detail::refuse_json(file, error);
        }
    }

    bool has(const char* key) const {
        const auto found = value_.find(key);
        return found != value_.end() && !found->is_null();
    }

    template <json_value T> T required(const char* key) const {
        if (!value_.contains(key)) missing(key);
        return convert<T>(key, value_[key]);
    }
    /// Of a key that may be absent or null.
    template <json_value T> T value_or(const char* key, T fallback) const {
        return has(key) ? convert<T>(key, value_[key]) : fallback;
    }
    json_object child(const char* key) const {
        if (!value_.contains(key)) missing(key);
        if (!value_[key].is_object()) refuse(key, "an object", value_[key]);
        return {place(key), value_[key]};
    }

    /// An integer or a list of them; nothing where the key is absent or null.
    std::vector<idx> numbers(const char* key) const {
        std::vector<idx> all;
        if (!has(key)) return all;
        if (!value_[key].is_array()) return {convert<idx>(key, value_[key])};
        for (const auto& one : value_[key]) all.push_back(convert<idx>(key, one));
        return all;
    }
    /// Every key of an object of strings, with its value, sorted by key.
    std::vector<std::pair<std::string, std::string>> texts() const {
        std::vector<std::pair<std::string, std::string>> all;
        for (const auto& [key, value] : value_.items())
            all.emplace_back(key, convert<std::string>(key.c_str(), value));
        return all;
    }

  private:
    json_object(std::string place, nlohmann::json value)
        : place_(std::move(place)), value_(std::move(value)) {}

    template <class T> T convert(const char* key, const nlohmann::json& value) const {
        if constexpr (std::same_as<T, bool>) {
            if (!value.is_boolean()) refuse(key, "true or false", value);
        } else if constexpr (std::same_as<T, idx>) {
            if (!value.is_number_unsigned()) refuse(key, "a non-negative integer", value);
        } else if constexpr (std::same_as<T, std::string>) {
            if (!value.is_string()) refuse(key, "a string", value);
        } else {
            if (!value.is_number()) refuse(key, "a number", value);
            if (!std::isfinite(value.get<T>())) refuse(key, "a number in the type's range", value);
        }
        return value.get<T>();
    }

    std::string place(const char* key) const { return place_ + ": " + in_quotes(key); }
    [[noreturn]] void missing(const char* key) const {
        throw load_error("json", place(key), "a value", "nothing");
    }
    [[noreturn]] void refuse(const char* key, const char* expected,
                             const nlohmann::json& actual) const {
        throw load_error("json", place(key), expected, shown(actual));
    }
    static std::string shown(const nlohmann::json& value) {
        if (value.is_structured()) return std::string{"an "} + value.type_name();
        return value.is_string() ? in_quotes(value.get_ref<const std::string&>())
                                 : legible(value.dump());
    }

    std::string place_;
    nlohmann::json value_;
};

}  // namespace RECKON_ISA

}  // namespace reckon::inline v0

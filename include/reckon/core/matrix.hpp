// A matrix owns the storage of a parameter. Where the storage lives is a policy: `heap` (trained,
// loaded, prepared), `rom` (a constant array: flash, a mapped file), a device (kernels/cuda/).
// int8_matrix and pruned_matrix are the same parameter in another representation.
#pragma once

#include <reckon/core/heap_array.hpp>
#include <reckon/core/view.hpp>
#include <reckon/core/visit.hpp>
#include <reckon/core/weights.hpp>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

struct heap {
    using space = host;
    template <class T> using storage = heap_array<T>;
};

/// Parameters that stand elsewhere and are only read; the array must outlive the model.
struct rom {
    using space = host;
    template <class T> class storage {
      public:
        constexpr storage() = default;
        constexpr explicit storage(idx count) : size_(count) {}
        constexpr storage(const T* data, idx count) : data_(data), size_(count) {}
        constexpr const T* data() const { return data_; }
        constexpr idx size() const { return size_; }

      private:
        const T* data_ = nullptr;
        idx size_ = 0;
    };
};

template <class T, class Memory = heap> class matrix {  // [rows, cols]
  public:
    using parameter_tag = void;
    using value_type = T;
    using memory = Memory;
    using space = typename Memory::space;
    using storage = typename Memory::template storage<T>;

    constexpr matrix() = default;
    constexpr matrix(idx row_count, idx column_count)
        : rows_(row_count), cols_(column_count), items_(product(row_count, column_count)) {}

    constexpr idx rows() const { return rows_; }
    constexpr idx cols() const { return cols_; }
    constexpr idx size() const { return rows_ * cols_; }
    constexpr idx bytes() const { return size() * sizeof(T); }
    constexpr const T* data() const { return items_.data(); }
    constexpr T* data() requires(!std::same_as<Memory, rom>) { return items_.data(); }

    constexpr view<const T, space> look() const { return {items_.data(), rows_, cols_}; }
    constexpr view<T, space> look() requires(!std::same_as<Memory, rom>) {
        return {items_.data(), rows_, cols_};
    }

    /// Points a rom matrix of this shape at its values.
    constexpr void place(const T* values) requires(std::same_as<Memory, rom>) {
        items_ = storage(values, size());
    }

  private:
    static constexpr idx product(idx rows, idx cols) {
        if (cols != 0 && rows > ~idx{0} / cols) fail("matrix", "rows", ~idx{0} / cols, rows);
        return rows * cols;
    }

    idx rows_ = 0, cols_ = 0;
    storage items_{};
};

/// Of a weight in a backend's own layout: what is left to that is bytes, look and `packing`.
class packed_parameter {
  public:
    using parameter_tag = void;

    packed_parameter() = default;
    packed_parameter(idx rows, idx cols) : rows_(rows), cols_(cols) {}
    idx rows() const { return rows_; }
    idx cols() const { return cols_; }
    idx size() const { return rows_ * cols_; }

  private:
    idx rows_ = 0, cols_ = 0;
};

/// Symmetric int8 with a scale per output row.
template <class Memory = heap> struct int8_matrix {
    using parameter_tag = void;
    matrix<std::int8_t, Memory> values;  // [out, in]
    matrix<float, Memory> scales;        // [1, out]

    constexpr int8_matrix() = default;
    constexpr int8_matrix(idx rows, idx cols) : values(rows, cols), scales(1, rows) {}
    constexpr idx rows() const { return values.rows(); }
    constexpr idx cols() const { return values.cols(); }
    constexpr idx size() const { return values.size(); }
    constexpr idx bytes() const { return values.bytes() + scales.bytes(); }
    constexpr int8_view<typename Memory::space> look() const {
        return {values.look(), scales.look()};
    }
    static constexpr void visit(auto&& f, auto&... self) {
        f("values", self.values...);
        f("scales", self.scales...);
    }
};

/// A weight with some of its elements held at zero; a new one keeps everything.
template <class Inner, class Memory = heap> struct pruned_matrix {
    using parameter_tag = void;
    Inner inner;
    matrix<std::uint8_t, Memory> kept;  // [out, in], 0 or 1

    constexpr pruned_matrix() = default;
    constexpr pruned_matrix(idx rows, idx cols) : inner(rows, cols), kept(rows, cols) {
        if constexpr (!std::same_as<Memory, rom> && std::same_as<typename Memory::space, host>)
            for (idx i = 0; i < kept.size(); ++i) kept.data()[i] = 1;
    }
    constexpr idx rows() const { return inner.rows(); }
    constexpr idx cols() const { return inner.cols(); }
    constexpr idx size() const { return inner.size(); }
    constexpr idx bytes() const { return inner.bytes() + kept.bytes(); }
    constexpr auto look() const { return pruned_view{inner.look(), kept.look()}; }
    static constexpr void visit(auto&& f, auto&... self) {
        f(inlined, self.inner...);
        f("kept", self.kept...);
    }
};

}}}  // namespace reckon::v0::RECKON_ISA

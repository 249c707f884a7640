"""A vector of lanes as a numba type: one value per lane, kept in processor registers.

`load(a, i, lanes)` reads the `len(lanes)` contiguous numbers a[i, :len(lanes)] of a two-dimensional array,
`store` writes them; + - * / work lane by lane, a plain number is spread over all lanes. The compiler
therefore never has to prove that arrays do not overlap, and every width does the same arithmetic: results
do not depend on the width.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

FLAGS = ("contract", "nsz", "arcp")
DOUBLE = ir.DoubleType()


class Lanes(types.Type):
    """Numba's type of a vector of `width` doubles."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Lanes({width})")

    def can_convert_from(self, typingctx: Any, other: Any) -> Any:
        """A number may stand for a vector."""
        return Conversion.safe if isinstance(other, types.Number) else None


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Lanes) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(DOUBLE, fe_type.width))


@lower_cast(types.Number, Lanes)
def _spread(context: Any, builder: Any, fromty: Any, toty: Lanes, value: Any) -> Any:
    scalar = context.cast(builder, value, fromty, types.float64)
    vector = builder.insert_element(
        ir.Constant(ir.VectorType(DOUBLE, toty.width), ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
    )
    mask = ir.Constant(ir.VectorType(ir.IntType(32), toty.width), [0] * toty.width)
    return builder.shuffle_vector(vector, vector, mask)


def _define(symbol: Any, instruction: str) -> None:
    """Give a Python operator its meaning on vectors."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            vectors = [a for a in args if isinstance(a, Lanes)]
            known = all(isinstance(a, Lanes | types.Number) for a in args)
            return signature(vectors[0], vectors[0], vectors[0]) if vectors and known else None

    infer_global(symbol)(Template)

    @lower_builtin(symbol, Lanes, Lanes)
    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=FLAGS)


for _symbols, _instruction in (
    ((operator.add, operator.iadd), "fadd"),
    ((operator.sub, operator.isub), "fsub"),
    ((operator.mul, operator.imul), "fmul"),
    ((operator.truediv, operator.itruediv), "fdiv"),
):
    for _symbol in _symbols:
        _define(_symbol, _instruction)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any, width: int) -> Any:
    """Address of the first lane of a row of a two-dimensional C-contiguous array."""
    struct = context.make_array(array_type)(context, builder, array)
    stride = builder.extract_value(struct.strides, 0)
    base = builder.bitcast(struct.data, ir.IntType(8).as_pointer())
    address = builder.gep(base, [builder.mul(row, stride)])
    return builder.bitcast(address, ir.VectorType(DOUBLE, width).as_pointer())


@intrinsic
def load(typingctx: Any, array: Any, row: Any, lanes: Any) -> Any:
    """Lanes of row `row` of a two-dimensional array."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        instruction = builder.load(_pointer(context, builder, sig.args[0], args[0], args[1], lanes.count))
        instruction.align = 8
        return instruction

    return Lanes(lanes.count)(array, types.intp, lanes), generate


@intrinsic
def store(typingctx: Any, array: Any, row: Any, value: Any) -> Any:
    """Write a vector to row `row` of a two-dimensional array."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address = _pointer(context, builder, sig.args[0], args[0], args[1], value.width)
        builder.store(args[2], address).align = 8
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def spread(typingctx: Any, number: Any, lanes: Any) -> Any:
    """The number in every lane."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], types.float64, sig.return_type)

    return Lanes(lanes.count)(types.float64, lanes), generate


@intrinsic
def square_root(typingctx: Any, x: Any) -> Any:
    """Lane by lane, correctly rounded."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = ir.VectorType(DOUBLE, x.width)
        name = f"llvm.sqrt.v{x.width}f64"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector]), name)
        return builder.call(function, args)

    return x(x), generate


def _choice(comparison: str) -> Any:
    def typed(typingctx: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(comparison, *args), *args)

        vector = a if isinstance(a, Lanes) else b
        return vector(vector, vector), generate

    return typed


@intrinsic
def largest(typingctx: Any, a: Any, b: Any) -> Any:
    """The larger, lane by lane."""
    return _choice(">")(typingctx, a, b)


@intrinsic
def smallest(typingctx: Any, a: Any, b: Any) -> Any:
    """The smaller, lane by lane."""
    return _choice("<")(typingctx, a, b)


@intrinsic
def below(typingctx: Any, a: Any, b: Any) -> Any:
    """1.0 where a < b, else 0.0."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.uitofp(builder.fcmp_ordered("<", *args), context.get_value_type(vector))

    vector = a if isinstance(a, Lanes) else b
    return vector(vector, vector), generate


@intrinsic
def any_below(typingctx: Any, a: Any, b: Any) -> Any:
    """Whether a < b in any lane."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(builder.fcmp_ordered("<", *args), ir.IntType(a.width))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(a.width), 0))

    return types.boolean(a, a), generate


def _in_pairs(terms: list[Any], combine: Any) -> Any:
    """Combine neighbours until one is left: a sum of n terms waits for log2(n) additions."""
    while len(terms) > 1:
        pairs = [combine(*terms[i : i + 2]) for i in range(0, len(terms) - 1, 2)]
        terms = pairs + terms[2 * len(pairs) :]
    return terms[0]


@intrinsic
def sum_of(typingctx: Any, x: Any) -> Any:
    """The sum of all lanes, a number."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        numbers = [builder.extract_element(args[0], ir.Constant(ir.IntType(32), lane)) for lane in range(x.width)]
        return _in_pairs(numbers, lambda a, b: builder.fadd(a, b, flags=FLAGS))

    return types.float64(x), generate


@intrinsic
def largest_of(typingctx: Any, x: Any) -> Any:
    """The largest lane, a number."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        numbers = [builder.extract_element(args[0], ir.Constant(ir.IntType(32), lane)) for lane in range(x.width)]
        return _in_pairs(numbers, lambda a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))

    return types.float64(x), generate


def _row_times_matrix(times: Any, plus: Any) -> Any:
    """A row vector times a square matrix in the semiring of two instructions, each a function of builder, a, b."""

    def typed(typingctx: Any, x: Any, matrix: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            terms = []
            for lane in range(x.width):
                mask = ir.Constant(ir.VectorType(ir.IntType(32), x.width), [lane] * x.width)
                row = ir.Constant(context.get_value_type(types.intp), lane)
                row = builder.load(_pointer(context, builder, sig.args[1], args[1], row, x.width))
                row.align = 8
                terms.append(times(builder, builder.shuffle_vector(args[0], args[0], mask), row))
            return _in_pairs(terms, lambda a, b: plus(builder, a, b))

        return x(x, matrix), generate

    return typed


@intrinsic
def product(typingctx: Any, x: Any, matrix: Any) -> Any:
    """sum_i x[i] matrix[i, j] in lane j."""
    return _row_times_matrix(
        lambda builder, a, b: builder.fmul(a, b, flags=FLAGS),
        lambda builder, a, b: builder.fadd(a, b, flags=FLAGS),
    )(typingctx, x, matrix)


@intrinsic
def largest_sum(typingctx: Any, x: Any, matrix: Any) -> Any:
    """max_i x[i] + matrix[i, j] in lane j."""
    return _row_times_matrix(
        lambda builder, a, b: builder.fadd(a, b, flags=FLAGS),
        lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b),
    )(typingctx, x, matrix)


def _integers(width: int) -> Any:
    return ir.VectorType(ir.IntType(64), width)


def _constant(width: int, number: int) -> Any:
    return ir.Constant(_integers(width), [number] * width)


@intrinsic
def two_to_the(typingctx: Any, n: Any) -> Any:
    """2^n of whole n in [-1022, 1023]. Adding 1.5 * 2^52 leaves n in the low bits of the mantissa."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rounder = ir.Constant(ir.VectorType(DOUBLE, n.width), [1.5 * 2.0**52 + 1023.0] * n.width)
        bits = builder.bitcast(builder.fadd(args[0], rounder), _integers(n.width))
        return builder.bitcast(builder.shl(bits, _constant(n.width, 52)), ir.VectorType(DOUBLE, n.width))

    return n(n), generate


@intrinsic
def nearest_whole(typingctx: Any, x: Any) -> Any:
    """x rounded to a whole number, for |x| < 2^51; the additions must not be merged."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rounder = ir.Constant(ir.VectorType(DOUBLE, x.width), [1.5 * 2.0**52] * x.width)
        return builder.fsub(builder.fadd(args[0], rounder), rounder)

    return x(x), generate


SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
ONE_BITS = 0x3FF0000000000000
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
TWO_52_BITS = 0x4330000000000000


@intrinsic
def exponent_of(typingctx: Any, x: Any) -> Any:
    """The whole n for which x / 2^n lies in [sqrt(1/2), sqrt(2)), x positive and normal."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], _integers(x.width))
        biased = builder.lshr(builder.add(bits, _constant(x.width, ONE_BITS - SQRT_HALF_BITS)), _constant(x.width, 52))
        number = builder.bitcast(builder.or_(biased, _constant(x.width, TWO_52_BITS)), ir.VectorType(DOUBLE, x.width))
        offset = ir.Constant(ir.VectorType(DOUBLE, x.width), [2.0**52 + 1023.0] * x.width)
        return builder.fsub(number, offset)

    return x(x), generate


@intrinsic
def mantissa_of(typingctx: Any, x: Any) -> Any:
    """x / 2^exponent_of(x)."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], _integers(x.width))
        shifted = builder.add(bits, _constant(x.width, ONE_BITS - SQRT_HALF_BITS))
        kept = builder.and_(shifted, _constant(x.width, MANTISSA_BITS))
        return builder.bitcast(builder.add(kept, _constant(x.width, SQRT_HALF_BITS)), ir.VectorType(DOUBLE, x.width))

    return x(x), generate

/** The random numbers of a Go program that asks `math/rand` for a source with seed 1: what HashiCorp's Vivaldi tests draw. */
import type { Random } from "../../lib/base/ports.ts";

/** How far back the two terms of the recurrence lie. */
const LONG_LAG = 607, SHORT_LAG = 273;
const MASK_64 = (1n << 64n) - 1n, MASK_63 = (1n << 63n) - 1n;

/** The first 607 numbers, 64 bits each, big-endian, as a Go program printed them. */
const FIRST =
  "TWWCIQf8/VJ4YpoPXz8WT9UQTcdmlXIduAcEu3tNfAM2WoWBScbi0Vfp0YYNHWjYiGbLOXkWAB6UCNKsIsTSlAxpf0g5KQegpoRH" +
  "pBid65lB8nzG84ddBGglWq+V6UYnm2z/orpReTYwuV/xg8Rx1Ki2IVh8s60LPASVGqQmVdmkOnaLfE4LaKWEXJXUSR0bVuw/JSVj" +
  "IYab+YviqdeNcxoCBw8WnBEhLjEI2rsVhkTJC9Joto5qP25mHpJ1mAX1pYTEfyzfW4omBs0rV9KSRWBUUC/F1tJoGnFM+GuD0OLu" +
  "w0w2dnTLdNkuF/ewaNnbQwyLNbuUV9gDn294oV1SO5REGdt5Qgn/Tbp7D52h1+v81LelWiXgy4oriUz4QOxLTCKwKTbU/5uHkUP3" +
  "9KXuO1iUQv1a0UX0JphLkvZ0AwSWLZaNP3H4y0VCwpKRAY18xabjyvzK4iSjpiNDsYa1H7Yp2fF9no+8w+o7k5P5PzMgdAPe9jpb" +
  "byQbOuQZR2w2ZPEBf7yJfQYuT6RZFphz9fC1oxVyTHrxpgfGSVge6zlyenH1Ile7fQx5ZJdvJpoofQucqL6OmYGJgl4RcDk3S5xz" +
  "+sglQW/t1y2S+t7X5BEe6fdnZnjnqqff96skT802d2eDA1aqa4Ze9Oge3kVhrWaI+L0+mbCoXXg5nL7YCjoXahVq5YNIsLbUZ6Sv" +
  "Y+WN8tCh6UBq7J1XYTCCwjPwB/1Njp+l6tC9dgsNIgUBQ6YLoI5Lc4toKb8fRug2mcrzdqeA6pZ81xB6O6b2BvZlpqyJwWcl/T1/" +
  "2G1oJg/W5Hla/wHJJvvym0gp7gcW3kw10yJ4fCvzOUtGoDy0SvhkuuC+0x8cuebGs6/TeUFDkImQuS0BaaORRP40F53DTxgt8rtT" +
  "iUIWV/8pOgwr+fxlaFxOkemLAskXUoBHk2ycZLcK8lYDg9F5CdW0pLLqPUylz7WPvq9jXUcvUhhYf8eHaZ5QM4K+FBhvRIQd8zU5" +
  "seqX964k6RdFSB6SVQfAUeGKUGWFWAe3NlgQOXCjKewwDKQCoY2iUL80NIV1fqftXZe3qzZB/j3qedADHSe4s1L3xms228mzROlP" +
  "0mn9jl8EdV1Vy0cZQeUq6k7veiaUdj2AENYya0DqvN43fvWEhdaLszKq/jNurMo/uiRwQ5mjY81PJ4pnFJuctG5fKa4QqQGDzES/" +
  "Wl/++4A+YwZWOybegF0pKG8A8Ct1OaIBnwY5fct/r8NUWDbEx5or+THWQWvoXzJXEvQSjfBisHZ1LzP/uq4+PkowVgVM0jnqDI3C" +
  "FINcqA1yUhqQ7EQ/r46z5KEf9fJig+/GxlIl/NYJDsBPH6z8XcFUCGSWOlrO7CyKqsvbGFtwq1O66D4UpTjTtJRYz7Akh41AYwPh" +
  "m/ejF64/xQTWNTy2Lwd84umO82BBLGAZAPtP+/OppaH/tSLVVLRgZ5a4PxkEdhNSyjIHlqcQLYnIIPXDU89qfLXPBPWbt52sm1gt" +
  "IwF20FziY+LWqc4/y2JsPx10Jwt/v7yv2RW7gzmOQLAapH0yNCPPzeLCactw56x0F784dv2Dmh4JT5rJOiPrVezg6ktWeDzLlFOb" +
  "tLSjyBPTRrVGuvRHVODAwT7s/bxtsw43ep473NwCs5DmCu3xpuIi9Q2+qg/i+MH+5Dp9cS4Wa98yVgx6Z1iKdJCxZqIhiY80GFL+" +
  "YkwzDx1espx3Ga9TulO3oP9wZYuUjJfXChM8lnNCm9I6Tv7q3QzD8Q4PISVRE2+axwcPCRSJwJo+byQcVyhYvRDxPkG3FG9w/zvn" +
  "DLCRo5BA9Lb0fylLTo4g8xEnxQBkzmVRy4nJEaqHKJy9LMGi1SiJRvI915MM+ECnnDvTltJKA8bZgsMizuEDZXkMU78frwz1JRdb" +
  "sfV7C7Ex6NF9jr89pUdcAaRHhhOe/MqD7WTpvNROtIyMRpSlSvdHrz8Nb7c8Mu1pyT+wn2xHrKyA1Y/ouo8iLBKDtlQEOmagYkxY" +
  "Owp/IBu1U5e0kmQxxwpPWuF8AtWzdw61jw0lWEDU5VIBT7/ylZdLnX+ANZQqakZwebdvvun5jEAz/iZW2aMIdHksjuiHaiCva0Ep" +
  "LX/kdUr9/5wytK1ayIIJMpiOS1rAWUg4cOPvv/Wy1aETC8qCpC3ZbloG2OlvW45WqVt7Jwnr2d2pIBj6bgT5zpLsoADoy0QJUPyo" +
  "KUemflKxGzUyekn20mECwZ53kkF/w/j8JFQcO2vZC+ZyMLAnt+DSqqsDH3ZaQSfr3Y9EyatAuWdHwEXZkSG+XdsO/XqErwqOsayZ" +
  "t1eI1f5/A+Or/0qzOV6vqIqmf/M8N01zbkHMeZXF3Jy8vl6o39jTezzOvD/r3SXht/qTs0FdvTFa5q+CiRcrnM7S4tKQojEZ6g8v" +
  "tt9DMal3ByIrd+gGhKa/3PGX4TSI8D8HHj/6iqRKA6Rh68oIJ6a4hQSTm7i1gMi63SFAZAGBU9rQG2oitkjmBMGs2fVRGAJ4iUX8" +
  "3Yk6MQ/cs4msco9fTHCewYQ39RmL/SdahzzA6pvseuN6450C22qFdkgTiDFCn7lejMpZk5L06kKvwS0VTgma0b3BdhY96uSubVyS" +
  "4rhQjfDc+fle3mA5CQi4Ar380OV9D4qShYUMaFcd3KbhC4Hl3P2IeVPoSrsYyUi56WKIzQDE5TPpo3/Hb61eDObl0xibJR26d65+" +
  "I7xvyCFLiura6kdTtCjXqoDQVkzyCmVUqIggM5GGCvpe4kbEVb0Fp77M/LqQdbCXmh1ANnUXxvvJv1QrUX8raqeq9a0yBdCnn0ib" +
  "xWupw2cmzlssBNl3tWru5f3eY7Fb+M5Gkz67D7QP815R6QofcqmudU42eqT6pYXmltUR4YJlMeBmGRKRZVWEqlQDUQ02Nv1gB1b/" +
  "gAHxdciXoUxRt2Kn6xaSLdDzz7UuMpgjfm2HuOXSK9dDBX501LgPY9TUWxzNKrhurayGpSbuQ4EHwHJBUJ0TI61rg2WoJL9wNAL1" +
  "QRxGI5F8D+skzpmqmf+hbjPjdoV4Terfj1UiFkllKEuGB6CfeymA+7KhTM3Xr/MrAxpDq2ZXr2TtN+mnuXKM01WQ8gEIjdJUgnFj" +
  "JA0JYou5x4MkRPnlQ5hR2kWAk6GVuvfTDkuFLGYJHzI/SRqbecXfwSIwYOk6Vw3S2Z65LPH3/shxMdVMsmWzO2Hk9MoHafsPT7Tr" +
  "NPA4yM2FYxOPV0LwEsjUvXSvwgigrBB0BuJyJcZ5TLwdTSvmTtmODyl+iEzIHKrnrOXfJ+kxfB8stX5iRo9fKqbi/PoW/qTT+//f" +
  "yZbhIzZV9JT+T/+6fxqd4WPlM5dY+0gm4tOqRTCmrpFCyizAimdqnQPl3GnRkSmrevZADrB5UDWLROEtM9IH28QJinx8+gRiAxDD" +
  "XRDnqfVpITvaBZc+Xm4J0MkQeKxGB2hwtfHqZhszYHfM0L9RsELT1jgxbXrPNwZB37Xa+agQjAyb7iMB4EzzMAaYNC1QXsZ6q8D0" +
  "cw7FyxayOXjiAWSTry6jv9MwLLjYa1Ak8hmjL0u8RvzqIsF+ZahFOe5JwiVUrfQFwkFVuRcOFihdyAqC3+WuedgPh4Tn+ONgMzgW" +
  "Dcw2ekSUzKkTZmPfVbk1KFm2N3Tuvg3nwPj09rq8uc0Ue67rSg30uqU6A0E9osTqck3iRcZ6k8kwoDyOea4Fv3yaQLhBQ0UlJXT5" +
  "Id8KuQBZEU3ZvtJWmH25A+cId6ZJuhQdRCGZS0XLGIve9nW7zKfa2d2vjN/l4uTaALRn2tq9noXzNTdcTKCm+0WMcxFvAzXKx3No" +
  "iLQnvOgsgJGkgjzHH2EjD/Wdoderv439wrtdpXjc7X9VZmUp+Teg5zCfA1uIq/6b4WFZzfAG9pSmRNshImQV4Y9Ama24l6blxfeL" +
  "xjfgREgjGWgsHd4WlzYu+4kR7OgjvhT/Ce882kHu6vYBKJIg7C1ftFiRQCAMFrqqfNGCquRfSXP/QNbgKKcsIOFcoACf5pVbI9N+" +
  "a6WqVualH1cdYqrXvR6uH4GzV0B/7MJpeZeMiIS8kzVzHpqp1CjVD/s3RRMgJJ2rhYEJLigCbc3bOIdKKiNA4QaKQFyE0SE6tCoD" +
  "EzgEV9c846bMDaPVC6x52BVH8C2qhTZPmoeWmifMfQymJSCskCFLw+sBBV6x6psFSv5VQ3N68ZUOkp2J03fmCJsvQ23EHVpdljib" +
  "f03cMzg8GKynd2DUaa1eQqPhOZ6k0S8BdfmrY5xunvYy2Dx6npwE7FO0/jUQLSNE+VyuYOC6SkNkP5/0sf3TalD2BiCMzvkKW0Fl" +
  "FXQm5Q7Ci+DLfscDMvo51CfyGGf9EKScSbC8+TC04NQpItxAhdOjsgcgD+gMEml1qiGnCKdCzZMo5NRFe5gpQpw0reyEGYHh/s4V" +
  "Ndldwx/EcV7uLAALOkv864HiNXnZkrDMaStliwp9+bnxIFrlQZIhRhKWYgSiGMxxZqg5h0+dv+NTuVIBjK5U3cMl+BmR/l77nuSI" +
  "FpRgyEvT2txleNV8mYx8DgFQ1Dl9yiDj+Z92HFsXGoC6+9c2Py+DV/BEu8fkFuKT2CtJhKQLjVTb1fk0izYnADPrMhVZtHaXxl3u" +
  "9I7mWxzaQEjFffq4jL62NGOJLAy3PztE4N+1nB/L+f1d/5dhCPrfPcWEOLryArpDpw1WyBjXH8wgrq7U6ajcJTXKgi0A77Y736jy" +
  "2LiS3w03m1vxNQxUE5qOytSAytdc3fKUILU+UYJdMVIfcwif0Y/2feNGiLGErPKAtFgG4o5ofpUzNiMQLLUTN/5PkiSwi9pWiv12" +
  "wXOP67SOqn0ZanbiVpL5NH9PQu0OFQlBUWbqzUM1dA/dGMntA6q65TTGwJ+xWzDowcuGOKq03bQQytTGD5SQUMXWTp6AUyG+bCob" +
  "f/AqDgqlild6Aaa1a+OfdaEg3MsnkiXOg5qIsHbTwrVOGqk8zlDQBNoZCFj4sm10AQx3QSyALkDjtj1P5EhuUTV223N48aMrQUs+" +
  "s4c56vUgSVRo38xPlRB3CewnUkhtptuLFULqOCURtGTAFGe6iXxGlWBniHCNdUOl5pgKbcNc35Skk6ryQSpHpscJvs0ee5gKOJxP" +
  "PF1OX3aEz1BXHxgCHPzuqY3wKdb8RA/liA2uyVPvwQrGosf9Z/5pII2+xRNfQntYAjwGHQxjn7XJrsFkz3X9AtUxZG7v4tKbxo0H" +
  "iQSt9QoD9MxNSUYfyCwNF5Tw19odQfOwmMEpPi8Mpo++xITiotJd1WuNRxpzPQXShq1NwFS22OMUsCVdOPoEUMvNIkP7/9JqLfps" +
  "pNV0Wpq9wzuTrqSpSNDzCmYA2ScEJcA0Nppj86OXkSGm5Cd8ulMXhD9iGmt7OJ9h8+d0diLcwblspNo30SQHAqrOEtUVFnu4LLnh" +
  "0X10pE+XnP5EKkbJAn2xzJmPOspQwZ+ZQl42U0kegPaxNYUQXlYTpReOoUsdLgCTGv2LQWQh9GDIJqGzfz8ecZI9KYcKgynjwZhD" +
  "bnPa5YYn8Etct3+3E80QtvT64ThVBhiuuft3DMAA17rvq6BkWsoen0ZzlELTfNyjP9VmjRR+HUGww+fslKtUluuWX5T5UDpQ2j2R" +
  "yF8qTS+Ec+ePg2Xzm4ZgqiM+0O3t8hEFf8lg2w4Acwr280wZXl+aoo04kEZpema1mv3S+BbRmUUoRH1b1a6ykzx4jvPzVLC1ElaR" +
  "5TbfT44wD60sBdFBjFgJ9UtMymjL5Nnwtp3fVw2EM0+AG7HYHYxWegj7ftsaKttUTSvi6QTC9S8nbry8QKyeRXEU/N3qlxMlWExV" +
  "8Fn1FO+qjUoTQq8d74GlmwaYFEhDKOkLUaILpnkcEbhOeqGu1orDXxnwsn6JtfIdPOmYL6tHj604quC/zGo+quPg0hgzhEZtwdSo" +
  "ypYbhhzGX9BvTfIxTeNlI6QUIwmF7lYrIlPBBWJl18nqecATdsnxttEQbpa6kuIOJItRThYA5yxj6vlGTEI/sMQStTQsHNvnCgMZ" +
  "7ijBA/EHWoB7USZiMEsnzeSlEiUXBTD4I/rRfzlBOwYa/wiCmD1bawN0nAMMpzUxuaCxqJUSw/agLTUQg2UpIx+doAPTWauEOauz" +
  "G2RI1BznRyIfF4VttqGh5zX80Tm/+a73lV2ZNeoxLX1BOKiZWUv/BdSgKUWbJfNSb85kU9g3ebUJguAUT+s9wtYMWd+Eke782cAC" +
  "XAQfwf2Unn0O2xpWjVwj+CBL/UhH/TgQpHEkMlNO9S6L5Ij9s80aTJmuXa63fln5HPLq4+q1PC7S1mC1XQD4iOTp15ebTYt2oSrX" +
  "/Bp1Ynb2FpPe/MACWxBCnH1S/YwFp57wORaFebS+DMZv0jMIF5n8VNVut0Bq9aaMsiB25hyBhLOMb3HFzzp5fG41PjPOashNYkwR" +
  "GeVgKv975jgoucEjB8KmsvnABLMV4QPw5UZFeUgkeSP7ek0pBE9HopVAbN3lFWJhosMIte22W6Y=";

/**
 * An additive lagged Fibonacci generator (Mitchell and Moore): each number is the sum of those 607 and 273 before it. So
 * the first 607 tell all others.
 */
export class GoRandom implements Random {
  readonly #last: bigint[] = [];
  #count = 0;

  constructor() {
    const bytes = new DataView(Uint8Array.from(atob(FIRST), (char) => char.charCodeAt(0)).buffer);
    for (let i = 0; i < LONG_LAG; i++) this.#last.push(bytes.getBigUint64(8 * i));
  }

  /** As Go's `Intn`: 31 bits, those that would favour small numbers are thrown away. `bound` is no power of two. */
  below(bound: number): number {
    const max = 0x7fffffff - 0x80000000 % bound;
    let bits: number;
    do bits = Number(this.#next63() >> 32n); while (bits > max);
    return bits % bound;
  }

  /** As Go's `Float64`: what would round to 1 is thrown away. */
  uniform(): number {
    for (;;) {
      const ratio = Number(this.#next63()) / 2 ** 63;
      if (ratio < 1) return ratio;
    }
  }

  fill(): void {
    throw new Error("nobody asks for bytes");
  }

  #next63(): bigint {
    const place = this.#count % LONG_LAG;
    if (this.#count >= LONG_LAG) {
      const other = this.#last[(place + LONG_LAG - SHORT_LAG) % LONG_LAG]!;
      this.#last[place] = (this.#last[place]! + other) & MASK_64;
    }
    this.#count++;
    return this.#last[place]! & MASK_63;
  }
}

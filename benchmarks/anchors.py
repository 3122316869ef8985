"""Published numbers that ours are put beside."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ANCHORS: Mapping[str, str] = MappingProxyType(
    {
        "relief": "GLCM, same photos re-drawn: ICC ≥ 0.90 in 35 parameters, “moderate” with CSS [1]; laser scan Svm "
        "with experts r = 0.86 [2]; VISIA, positioned face: spots and wrinkles about 6 % [3]",
        "delta_mi": "no comparable figure (automatic against clinical mMASI, of the change r = 0.62 [4])",
        "delta_ei": "no comparable figure (a* with a clinical score, Spearman 0.37 [5])",
        "delta_a": "no comparable figure (Δa* with a clinical score, Spearman 0.30 [5])",
        "ita": "phone against DSLR with a chart, ICC 0.78 to 0.93 [6]; two weeks of sun 3.6 to 3.9 ΔE [7]",
        "lightness": "camera with chart, median ΔE*ab 6.40, repeated 3.43 [8]",
        "a_star": "contact spectrophotometer, smallest detectable 0.2 to 0.5 [7]",
        "b_star": "contact spectrophotometer, smallest detectable 0.2 to 0.5 [7]",
        "line_contrast": "no comparable figure (VISIA, positioned face: wrinkles about 6 % [3])",
        "line_length": "no comparable figure (VISIA, positioned face: wrinkles about 6 % [3])",
        "fine_roughness": "no comparable figure",
        "pores": "no comparable figure",
    }
)

SOURCES = """\
1. *Reliability of texture analysis using co-occurrence matrices (GLCM) on photographs of cellulite*, 27 women. The
   second reading re-drew the region on the same photos: it is not a second photograph.
2. Smalls et al., *J. Cosmet. Sci.* 56 (2005) 105: laser scans of 10 thighs against expert grades.
3. Precision of the VISIA system, PubMed 38024101: spots and wrinkles, positioned head.
4. Tay et al., *Br. J. Dermatol.* 172 (2015) 1535: 29 patients.
5. Logger et al., *Skin Res. Technol.* 26 (2020) 804.
6. arXiv 2512.21988: 965 people.
7. *Vision Res.* 192 (2022) 107976: 103 students.
8. Van Poucke et al., *BMC Med. Imaging* 10 (2010) 7: wounds.

Only abstracts of these were read. None of them re-photographed cellulite: no published repeatability of a photographic
measure of it was found."""
